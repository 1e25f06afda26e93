"""Calling a deployed function as an operator: who may is decided by AWS (`lambda:InvokeFunction` on it).

The event is a JSON object with `operator`, for the function's audit log; the answer is `{"status": n, "body": {…}}`. Both go over
the AWS client's connection; they are on no command line and in no log of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from giban.terraform.aws import Clients, code_of, from_aws
from giban.terraform.errors import OutsideWorld, UserMistake

Document = dict[str, Any]
"""What a function answers: JSON."""

_TOO_MANY = frozenset(
    {"TooManyRequestsException", "ServiceException", "EC2ThrottledException", "ResourceNotReadyException"}
)
"""Codes of Invoke that pass. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors"""


class NotUp(UserMistake):
    """The function does not exist: nothing has been deployed yet."""


class Refused(Exception):  # noqa: N818 - an answer, said with care
    """The function answered with a problem (RFC 9457): it was refused, or could not be done."""

    def __init__(self, status: int, problem: Document, name: str) -> None:
        self.status = status
        self.problem = problem
        self.fix = ""
        super().__init__(_text(status, problem, name))

    @property
    def exit_code(self) -> int:
        """3 when the function or what it needs failed, 1 when it refused, 2 when it was asked for something wrong."""
        if self.status >= 500:
            return 3
        return 1 if self.status in (401, 403, 409, 423, 429) else 2


def _text(status: int, problem: Document, name: str) -> str:
    """What a problem says: its detail, or a line for each wrong field when it lists them."""
    fields = problem.get("errors")
    if isinstance(fields, list) and fields:
        return "\n".join(f"{field.get('field')}: {field.get('detail')}" for field in fields if isinstance(field, dict))
    return str(problem.get("detail") or problem.get("title") or f"The {name} answered with {status}.")


class Operated:
    """A function that operators call.

    `what` is whom it serves ("the workstation dev"), `kind` what the function is called in messages ("admin function");
    `operator` says who asks, asked before the first call; `up` is the command that deploys the function, for the message when it
    does not exist yet.
    """

    def __init__(
        self, function: str, what: str, kind: str, clients: Clients, operator: Callable[[], str], up: str
    ) -> None:
        self.function = function
        self._what = what
        self._kind = kind
        self._clients = clients
        self._ask_operator = operator
        self._up = up
        self._operator = ""

    def call(self, event: Mapping[str, Any]) -> Document:
        """One event, and the body of the answer.

        Raises Refused with the function's problem, NotUp when the function does not exist, UserMistake when the caller may not
        invoke it, OutsideWorld when it or the way to it fails.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        self._operator = self._operator or self._ask_operator()
        payload = msgspec.json.encode({"operator": self._operator, **event})
        try:
            answer = self._clients("lambda").invoke(FunctionName=self.function, Payload=payload)
        except ClientError as error:
            raise self._refusal(error) from error
        except BotoCoreError as error:
            raise from_aws(error) from error
        return self._body(answer)

    def _refusal(self, error: Exception) -> Exception:
        match code_of(error):
            case "ResourceNotFoundException":
                return NotUp(message=f"{_capital(self._what)} is not up yet. Run `{self._up}` first.")
            case "AccessDeniedException":
                return UserMistake(
                    message=f"{self._operator} may not invoke the function {self.function}, by which {self._what} is operated.\n"
                    f"Allow it lambda:InvokeFunction on that function (and on no other), or use another profile."
                )
            case code if code in _TOO_MANY:
                return OutsideWorld(
                    message=f"AWS Lambda does not take the call right now ({code}). Try again in a moment."
                )
        return from_aws(error)

    def _body(self, answer: Mapping[str, Any]) -> Document:
        payload = answer["Payload"].read()
        try:
            found = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            found = None
        if answer.get("FunctionError"):
            why = found.get("errorMessage", "") if isinstance(found, dict) else ""
            raise OutsideWorld(
                message=f"The {self._kind} {self.function} failed: {why or 'it gave no reason'}.\n"
                f"Its log says more: aws logs tail /aws/lambda/{self.function} --since 10m"
            )
        if not isinstance(found, dict) or not isinstance(found.get("status"), int):
            raise OutsideWorld(
                message=f"The {self._kind} {self.function} did not answer as one of this version does.\n"
                f"Run `{self._up}`: it brings the function to the version of this giban."
            )
        body = found.get("body")
        document = body if isinstance(body, dict) else {}
        if found["status"] >= 400:
            raise Refused(found["status"], document, self._kind)
        return document


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
