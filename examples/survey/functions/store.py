"""The tables, the bucket and the alarm topic. Clients are made when they are first needed."""

import hashlib
import json
import os
import time

import threshold

STATE = "#state"
"""The partition of `responses` that remembers which surveys are low; no survey has this name."""

_clients = {}


class DifferentError(Exception):
    """There is another answer under this id."""


def client(service):
    """The client of a service, the same one for the life of the process."""
    if service not in _clients:
        import boto3

        _clients[service] = boto3.client(service)
    return _clients[service]


def put(answer, at=None):
    """Store an answer; True when it is new. The same answer again changes nothing. Raises DifferentError."""
    table = os.environ["GIBAN_TABLE_RESPONSES"]
    key = {"survey": {"S": answer["survey"]}, "id": {"S": answer["id"]}}
    item = {
        **key,
        "score": {"N": str(answer["score"])},
        "comment": {"S": answer["comment"]},
        # Thousandths: two answers in one second have an order.
        "at": {"N": str(int((time.time() if at is None else at) * 1000))},
    }
    dynamodb = client("dynamodb")
    try:
        dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    except dynamodb.exceptions.ConditionalCheckFailedException:
        there = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        if (there["score"], there["comment"]) != (item["score"], item["comment"]):
            raise DifferentError(answer["id"]) from None
        return False
    return True


def newest(survey, limit):
    """The newest answers, the newest first."""
    found = client("dynamodb").query(
        TableName=os.environ["GIBAN_TABLE_RESPONSES"],
        IndexName="by_time",
        KeyConditionExpression="survey = :survey",
        ExpressionAttributeValues={":survey": {"S": survey}},
        ScanIndexForward=False,
        Limit=limit,
    )
    return [
        {
            "id": item["id"]["S"],
            "score": int(item["score"]["N"]),
            "comment": item["comment"]["S"],
            "at": int(item["at"]["N"]),
        }
        for item in found["Items"]
    ]


def scores(survey):
    """How often each score was given: {1: 0, 2: 3, …}."""
    counts = dict.fromkeys(range(1, 6), 0)
    pages = (
        client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=os.environ["GIBAN_TABLE_RESPONSES"],
            KeyConditionExpression="survey = :survey",
            ExpressionAttributeValues={":survey": {"S": survey}},
            ProjectionExpression="score",
        )
    )
    for page in pages:
        for item in page["Items"]:
            counts[int(item["score"]["N"])] += 1
    return counts


def look(survey, fresh):
    """Tell the alarm topic when a survey has become low, or is so no more. `fresh` are answers that were stored just now,
    the newest first: the index may not have them yet.

    Told first and remembered then: whoever dies in between tells it twice, under the same key, rather than never.
    """
    ids = {answer["id"] for answer in fresh}
    last = [*fresh, *(answer for answer in newest(survey, threshold.LAST) if answer["id"] not in ids)]
    found = [answer["score"] for answer in last][: threshold.LAST]
    table, key = os.environ["GIBAN_TABLE_RESPONSES"], {"survey": {"S": STATE}, "id": {"S": survey}}
    there = client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    before = there.get("low", {}).get("BOOL", False)
    low = threshold.state_of(found, before)
    if low != before:
        tell(threshold.notice(survey, found, low))
        client("dynamodb").put_item(TableName=table, Item={**key, "low": {"BOOL": low}})
    return low


def tell(notice):
    """Publish to the alarm topic."""
    client("sns").publish(TopicArn=os.environ["GIBAN_ALARMS_TOPIC"], Message=json.dumps(notice, ensure_ascii=False))


def report(upload, etag, stored, bad):
    """Keep what became of a file: in the table for the page, and beside the file for whoever sent it.

    `bad` has (line, reason).
    """
    dynamodb, table = client("dynamodb"), os.environ["GIBAN_TABLE_REPORTS"]
    key = {"S": upload}
    for line, reason in bad:
        item = {"upload": key, "line": {"N": str(line)}, "reason": {"S": reason}, "etag": {"S": etag}}
        dynamodb.put_item(TableName=table, Item=item)
    summary = {
        "upload": key, "line": {"N": "0"}, "etag": {"S": etag}, "stored": {"N": str(stored)}, "bad": {"N": str(len(bad))},
        "at": {"N": str(int(time.time()))},
    }  # fmt: skip
    dynamodb.put_item(TableName=table, Item=summary)
    body = {"upload": upload, "stored": stored, "bad": [{"line": line, "reason": reason} for line, reason in bad]}
    client("s3").put_object(
        Bucket=os.environ["GIBAN_BUCKET_UPLOADS"],
        Key=f"reports/{upload.removeprefix('raw/')}.json",
        Body=json.dumps(body, ensure_ascii=False, indent=2).encode(),
        ContentType="application/json",
    )


def reports():
    """What became of the files: {"upload", "stored", "bad", "rows": [{"line", "reason"}]}, by name."""
    found, rows = {}, {}
    for page in client("dynamodb").get_paginator("scan").paginate(TableName=os.environ["GIBAN_TABLE_REPORTS"]):
        for item in page["Items"]:
            upload, etag, line = item["upload"]["S"], item["etag"]["S"], int(item["line"]["N"])
            if line:
                rows.setdefault((upload, etag), []).append({"line": line, "reason": item["reason"]["S"]})
            else:
                found[upload] = (etag, int(item["stored"]["N"]), int(item["bad"]["N"]))
    return [
        # Rows of an earlier version of the file do not count.
        {
            "upload": name,
            "stored": stored,
            "bad": bad,
            "rows": sorted(rows.get((name, etag), []), key=lambda row: row["line"]),
        }
        for name, (etag, stored, bad) in sorted(found.items())
    ]


def row_id(upload, etag, line):
    """The id of a row that has none: the same when the same file is read again."""
    return f"row-{hashlib.sha256(f'{upload}/{etag}/{line}'.encode()).hexdigest()[:24]}"
