"""What SNS says when it does not take a message; shared by e-mail and SMS."""

from __future__ import annotations

from ...common.aws import code_of, message_of
from . import Broken, Job, Later, Refused

BROKEN = ("AuthorizationError", "AuthorizationErrorException", "AccessDenied", "AccessDeniedException", "EndpointDisabled",
          "KMSAccessDenied", "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "NotFound",
          "NotFoundException", "OptedOut", "PlatformApplicationDisabled", "UserError")  # fmt: skip
REFUSED = (
    "InvalidParameter",
    "InvalidParameterException",
    "InvalidParameterValue",
    "ParameterValueInvalid",
    "Validation",
)


def publish(job: Job, **request: object) -> None:
    """SNS's Publish (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)."""
    if job.publish is None:
        raise Broken("SNS is not at hand.")
    try:
        job.publish(**request)
    except Exception as error:
        code = code_of(error)
        said = f"SNS says {code or type(error).__name__}: {message_of(error)[:200]}"
        if code in BROKEN:
            raise Broken(said) from None
        if code in REFUSED:
            raise Refused(said) from None
        raise Later(said, unsure=not code) from None
