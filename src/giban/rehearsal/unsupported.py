"""A plain, final answer where moto has no answer.

moto raises NotImplementedError, which its server turns into 500, "try again": AWS clients then repeat the request for
minutes. 501 with an error in AWS's form is not repeated, and names what is missing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from flask import Flask

CODE = "UnsupportedOperation"


def body(service: str, content_type: str, reason: str) -> tuple[str, str]:
    """(body, content type) of the error in the form that a client of this service reads."""
    message = f"The rehearsal's emulator (moto) does not have this: {reason}"
    if "json" in content_type:
        return json.dumps({"__type": CODE, "message": message}), "application/x-amz-json-1.1"
    error = f"<Error><Code>{CODE}</Code><Message>{escape(message)}</Message></Error>"
    if service == "ec2":
        return f"<Response><Errors>{error}</Errors><RequestID>rehearsal</RequestID></Response>", "text/xml"
    return f"<ErrorResponse>{error}<RequestId>rehearsal</RequestId></ErrorResponse>", "text/xml"


def answer_plainly(application: Flask, service: str) -> Flask:
    """Make one service's application answer 501 where it has nothing."""

    def unsupported(error: NotImplementedError) -> tuple[str, int, dict[str, str]]:
        from flask import request

        text, kind = body(service, request.content_type or "", str(error) or request.path)
        return text, 501, {"Content-Type": kind, "x-amzn-errortype": CODE}

    application.register_error_handler(NotImplementedError, unsupported)
    return application
