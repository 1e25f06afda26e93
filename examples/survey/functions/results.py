"""GET /results and /results.json: how often each score was given, and what became of files."""

import json

import pages
import store
import threshold
from answers import SURVEYS


def handle(event, _context):
    """An HTTP API's request."""
    found, reports = [summary(name, store.scores(name)) for name in SURVEYS], store.reports()
    if event["rawPath"].endswith(".json"):
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        return {"statusCode": 200, "headers": headers, "body": json.dumps({"surveys": found, "files": reports})}
    thanks = "thanks" in (event.get("queryStringParameters") or {})
    body = pages.results(pages.language(event), found, reports, thanks)
    return {"statusCode": 200, "headers": pages.HEADERS, "body": body}


def summary(name, scores):
    """What the page shows of a survey, by how often each score was given."""
    count = sum(scores.values())
    average = sum(score * number for score, number in scores.items()) / count if count else 0.0
    low = count >= threshold.FEWEST and average < threshold.LOW
    return {"survey": name, "scores": scores, "count": count, "average": round(average, 2), "low": low}
