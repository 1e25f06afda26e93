"""A file under raw/ in the bucket: every row becomes an answer, or a line of the report. Read again, nothing is stored twice."""

from urllib.parse import unquote_plus

import store
from answers import BadAnswerError, read_answer
from rows import UnreadableError, rows_of

MANY_BAD = 10
"""More rows that could not be stored are told to people."""


def handle(event, _context):
    """S3's event: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        found = store.client("s3").get_object(Bucket=bucket, Key=key)
        etag = found["ETag"].strip('"')
        stored, bad, fresh = take(key, etag, found["Body"].read())
        store.report(key, etag, stored, bad)
        for survey, answers in sorted(fresh.items()):
            store.look(survey, answers[::-1])
        if len(bad) > MANY_BAD or (bad and not stored):
            store.tell(notice(key, etag, stored, bad))


def take(key, etag, data):
    """Store the answers in a file: (how many are stored, bad rows as (line, reason), new answers by survey)."""
    stored, bad, fresh = 0, [], {}
    try:
        for line, fields, reason in rows_of(key, data):
            if reason is not None:
                bad.append((line, reason))
                continue
            try:
                answer = read_answer(fields, store.row_id(key, etag, line))
                answers = fresh.setdefault(answer["survey"], [])
                if store.put(answer):
                    answers.append(answer)
                stored += 1
            except BadAnswerError as error:
                bad.append((line, str(error)))
            except store.DifferentError:
                bad.append((line, f"There is another answer under the id {answer['id']} already."))
    except UnreadableError as error:
        bad.append((1, str(error)))
    return stored, bad, fresh


def notice(key, etag, stored, bad):
    """What people are told about a file that is mostly wrong."""
    first = "; ".join(f"line {line}: {reason}" for line, reason in bad[:3])
    return {
        "title": f"Survey file {key}: {len(bad)} row{'s' if len(bad) > 1 else ''} could not be stored",
        "text": f"{stored} are stored. {first}. The whole report is in reports/ of the bucket.",
        "priority": "P3",
        "service": "survey.uploads",
        "status": "event",
        "key": f"survey/upload/{key}/{etag}",
    }
