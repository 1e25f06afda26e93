"""GET /: the form, with a fresh id for the answer."""

import uuid

import pages
from answers import SURVEYS


def handle(event, _context):
    """An HTTP API's request."""
    return {
        "statusCode": 200,
        "headers": pages.HEADERS,
        "body": pages.form(pages.language(event), SURVEYS, str(uuid.uuid4())),
    }
