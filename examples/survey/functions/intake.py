"""POST /responses: one answer, from the form or as JSON. Sent again it is stored once."""

import base64
import json
from urllib.parse import parse_qs

import pages
import store
from answers import BadAnswerError, read_answer

LONGEST = 20_000
"""Bytes of a request."""


def handle(event, _context):
    """An HTTP API's request."""
    as_json = "json" in (event.get("headers") or {}).get("content-type", "")
    try:
        answer = read_answer(fields_of(event, as_json))
        new = store.put(answer)
    except BadAnswerError as error:
        return _refused(event, as_json, 400, error.reasons)
    except store.DifferentError:
        return _refused(event, as_json, 409, ["There is another answer under this id already."])
    # Asked of an answer that was there already, too: whoever sent it first may have died before this line.
    store.look(answer["survey"], [answer] if new else [])
    if as_json:
        return _json(201 if new else 200, {"id": answer["id"], "stored": True, "new": new})
    return {"statusCode": 303, "headers": {"location": "/results?thanks=1", "cache-control": "no-store"}}


def fields_of(event, as_json):
    """The fields that were sent. Raises BadAnswerError."""
    body = event.get("body") or ""
    data = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    if len(data) > LONGEST:
        raise BadAnswerError([f"The answer has {len(data)} bytes, more than {LONGEST}."])
    try:
        text = data.decode()
        if as_json:
            return json.loads(text)
        return {name: values[-1] for name, values in parse_qs(text, max_num_fields=20).items()}
    except ValueError as error:
        raise BadAnswerError([f"This cannot be read: {error}."]) from None


def _refused(event, as_json, status, reasons):
    if as_json:
        return _json(status, {"stored": False, "reasons": reasons})
    return {"statusCode": status, "headers": pages.HEADERS, "body": pages.wrong(pages.language(event), reasons)}


def _json(status, body):
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body, ensure_ascii=False)}
