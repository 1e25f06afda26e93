"""Requests and answers: API Gateway's event (HTTP API, payload format 2.0) and back, and errors as RFC 9457 problems.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

BODY_LIMIT = 16 * 1024
"""Bytes of a request's body."""
JSON = "application/json"
PROBLEM = "application/problem+json"
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer; an answer may replace one (a page's own policy, an asset that may be kept)."""
TITLES = {
    400: "The request is not right", 401: "Not paired", 403: "Not allowed", 404: "Not there", 405: "Not that way",
    409: "Something else came first", 413: "Too large", 415: "Not JSON", 429: "Too many tries", 500: "A fault of this API",
    503: "AWS is too busy",
}  # fmt: skip


class Problem(Exception):  # noqa: N818 - an answer, not an error
    """An answer that is an error (RFC 9457). `kind` is the last part of its type, `extras` further members."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **extras: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.cookies: list[str] = []
        self.extras = extras

    def document(self) -> dict[str, Any]:
        """The body: type (a path of this API, which RFC 9457 allows), title, status, detail, and what else is known."""
        head = {"type": f"/problems/{self.kind}", "title": TITLES.get(self.status, "Error"), "status": self.status}
        return {**head, "detail": self.detail, **self.extras}

    def answer(self) -> Answer:
        """As an answer."""
        return Answer(
            self.status, self.document(), headers={"content-type": PROBLEM, **self.headers}, cookies=self.cookies
        )


class Answer:
    """What is sent back. `body` is a JSON document, text, bytes, or None for nothing."""

    __slots__ = ("body", "cookies", "headers", "status")

    def __init__(
        self,
        status: int,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        cookies: list[str] | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = dict(headers or {})
        self.cookies = list(cookies or ())

    def event(self, *, head: bool = False) -> dict[str, Any]:
        """As API Gateway takes it; `head` leaves the body out."""
        headers = {**SECURITY_HEADERS, **self.headers}
        text, encoded = "", False
        if isinstance(self.body, bytes):
            try:
                text = self.body.decode()
            except UnicodeDecodeError:
                import base64

                text, encoded = base64.b64encode(self.body).decode("ascii"), True
        elif isinstance(self.body, str):
            text = self.body
        elif self.body is not None:
            headers.setdefault("content-type", JSON)
            text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        made: dict[str, Any] = {"statusCode": self.status, "headers": headers, "body": text, "isBase64Encoded": encoded}
        if head:
            made |= {"body": "", "isBase64Encoded": False}
        if self.cookies:
            made["cookies"] = self.cookies
        return made


class Request:
    """What was asked, by whomever. Header names are in lower case."""

    __slots__ = ("address", "body", "cookies", "document", "domain", "headers", "method", "operator", "path", "query")

    def __init__(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        body: bytes = b"",
        document: Any = None,
        address: str = "",
        domain: str = "",
        operator: str = "",
    ) -> None:
        self.method = method
        self.path = path
        self.query = dict(query or {})
        self.headers = dict(headers or {})
        self.cookies = dict(cookies or {})
        self.body = body
        self.document = document
        """An operator's body: already a document."""
        self.address = address
        """Of the connection; "" = unknown, which no allow list holds."""
        self.domain = domain
        """The name the API was asked by, as API Gateway matched it."""
        self.operator = operator
        """Who, when an operator invoked the function; "" otherwise."""

    @property
    def navigates(self) -> bool:
        """Whether a browser wants to show the answer to a person (a bookmark, a typed address)."""
        return "text/html" in self.headers.get("accept", "").lower()


def request_of(event: Any) -> Request:
    """The request in an event of API Gateway, without query and body. What is missing or of a wrong kind is empty."""
    event = event if isinstance(event, dict) else {}
    context = _mapping(event.get("requestContext"))
    http = _mapping(context.get("http"))
    headers = {
        str(name).lower(): str(value) for name, value in _mapping(event.get("headers")).items() if value is not None
    }
    jar = event.get("cookies")
    cookies = [str(part) for part in jar] if isinstance(jar, list) else []
    return Request(
        _text(http.get("method")).upper(),
        _text(event.get("rawPath")) or _text(http.get("path")) or "/",
        headers=headers,
        cookies=_cookies([*cookies, *headers.get("cookie", "").split(";")]),
        address=_text(http.get("sourceIp")),
        domain=_text(context.get("domainName")).lower(),
    )


def read(request: Request, event: Mapping[str, Any]) -> None:
    """Take query and body over from the event: only for those who may ask. Raises Problem 400 and 413."""
    request.query = _query(_text(event.get("rawQueryString")))
    body = event.get("body")
    if body is None or body == "":
        return
    if not isinstance(body, str):
        raise Problem(400, "body", "The body cannot be read.")
    # Four characters of base64 are three bytes: nothing large is decoded.
    if len(body) > BODY_LIMIT * 4 // 3 + 4:
        raise _too_large()
    if event.get("isBase64Encoded"):
        import base64

        try:
            request.body = base64.b64decode(body, validate=True)
        except ValueError:
            raise Problem(400, "body", "The body is not base64, although the event says so.") from None
    else:
        request.body = body.encode("utf-8", "surrogatepass")
    if len(request.body) > BODY_LIMIT:
        raise _too_large()


def operator_request_of(event: Mapping[str, Any]) -> Request:
    """The request of an operator: {"operator", "method", "path", "query", "body"}. Raises Problem 400 with every wrong part."""
    problems = []
    operator, method, path = event.get("operator"), event.get("method", "GET"), event.get("path")
    query, document = event.get("query") or {}, event.get("body")
    if not isinstance(operator, str) or not 0 < len(operator) <= 256 or not operator.isprintable():
        problems.append({"field": "operator", "detail": "Name who asks, for the audit, in at most 256 characters."})
    if not isinstance(method, str):
        problems.append({"field": "method", "detail": "Must be text."})
    if not isinstance(path, str) or not path.startswith("/"):
        problems.append({"field": "path", "detail": "Must begin with /."})
    if not isinstance(query, dict) or not all(_is_plain(value) for value in query.values()):
        problems.append({"field": "query", "detail": "Must be names with text or numbers."})
    if document is not None and not isinstance(document, dict):
        problems.append({"field": "body", "detail": "Must be an object."})
    if problems:
        raise invalid(problems)
    values = {str(name): [str(value)] for name, value in query.items()}
    return Request(str(method).upper(), str(path), query=values, document=document, operator=str(operator))


def invalid(problems: list[dict[str, str]]) -> Problem:
    """All wrong fields of a request at once, each {"field", "detail"}."""
    detail = " ".join(f"{problem['field']}: {problem['detail']}" for problem in problems)
    return Problem(400, "input", detail, errors=problems)


def document_of(request: Request) -> dict[str, Any]:
    """The JSON object of the body; {} without a body. Raises Problem 400 and 415."""
    if request.operator:
        return dict(request.document or {})
    if not request.body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem(415, "media-type", f"Send {JSON}.", headers={"accept": JSON})
    try:
        # RecursionError: deeply nested brackets fit into 16 KB.
        found = json.loads(request.body.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "json", f"The body is not JSON: {_reason(error)}.") from None
    if not isinstance(found, dict):
        raise Problem(400, "json", "The body must be a JSON object.")
    return found


class _RefusedJsonError(ValueError):
    """Valid for Python's reader, but not for ours."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RefusedJsonError("a name occurs twice")
    return made


def _no_constant(name: str) -> Any:
    raise _RefusedJsonError(f"{name} is not a value of JSON")


def _reason(error: Exception) -> str:
    """Why text is not JSON, without any of the text: it may hold a password."""
    if isinstance(error, _RefusedJsonError):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return (
        "it is nested too deeply" if isinstance(error, RecursionError) else "it is not UTF-8, or a number is too long"
    )


def _too_large() -> Problem:
    return Problem(413, "too-large", f"The body may have at most {BODY_LIMIT} bytes.")


def _query(raw: str) -> dict[str, list[str]]:
    if not raw:
        return {}
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise Problem(400, "input", "The query has too many fields.") from None
    made: dict[str, list[str]] = {}
    for name, value in pairs:
        made.setdefault(name, []).append(value)
    return made


def _cookies(pairs: list[str]) -> dict[str, str]:
    """Name to value; the first of a name counts, as browsers send the most specific one first."""
    made: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.strip().partition("=")
        if equals:
            made.setdefault(name.strip(), value.strip().strip('"'))
    return made


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)
