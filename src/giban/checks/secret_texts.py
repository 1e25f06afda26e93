"""What a secret looks like in a text, and the texts that an instance gets at boot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from giban.graph.resource import Resource

SECRET_NAME = re.compile(
    r"(?i)(passw(or)?d|passphrase|secret|token|credential|api_?key|private_?key|access_?key|auth_?key)(?!_?(name|arn|id|path|file|url)\b)"
)
"""A name that something secret has; `password_arn` only says where it is."""

MADE_SECRETS = re.compile(
    r"\$\{[^}]*(\brandom_password\.[\w-]+(\[[^\]]*\])?\.(result|bcrypt_hash)"
    r"|\btls_private_key\.[\w-]+(\[[^\]]*\])?\.private_key_\w+"
    r"|\baws_iam_access_key\.[\w-]+(\[[^\]]*\])?\.(secret|ses_smtp_password_v4)"
    r"|\baws_secretsmanager_(secret_version|random_password)\.[\w-]+(\[[^\]]*\])?\.(secret_string|random_password)"
    r"|\baws_(db_instance|rds_cluster|docdb_cluster|redshift_cluster)\.[\w-]+(\[[^\]]*\])?\.(master_)?password\b"
    r"|\bvar\.\w*(password|passwd|secret_key|token|api_?key|private_key)\w*)"
)
"""Expressions whose value is a secret."""

_KNOWN = (
    ("an AWS access key", re.compile(r"\b(AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY")),
    ("a GitHub token", re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})")),
    ("a GitLab token", re.compile(r"\bglpat-[\w-]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[\w-]{10,}")),
    ("a Slack webhook address", re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w+")),
    ("a Stripe key", re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}")),
    ("a Google API key", re.compile(r"\bAIza[\w-]{35}\b")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+]{2,}://[^\s:/@\"'$<{]*:(?![$<{%*])[^\s@/\"']{3,}@")),
)
_ASSIGNED = re.compile(
    r"(?im)(?<![\w-])(?P<name>[\w-]*(passw(or)?d|passphrase|secret|token|api_?key|access_?key|private_?key)[\w-]*)"
    r"""["']?\s*(=|:\s)\s*(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s;&|"']+)"""
)
"""`DB_PASSWORD=…`, `password: …`, `"token": "…"`."""

_PLACE = re.compile(
    r"(?i)[_-](arn|name|id|ids|path|file|files|url|uri|prefix|days|length|policy|ttl|secret|type|version|enabled)$"
)
"""Names that say where a secret is or how it is made, not what it is."""

_NOT_LITERAL = re.compile(
    r"""^["']?($|[$<{(\[`%*]|\\|["']$)|arn:aws|[()]|^(true|false|yes|no|none|null|changeme\?|-+)$|^/""", re.I
)
"""Empty, a variable, an expression, a call, a path, a placeholder: not a secret written out."""


@lru_cache(maxsize=1024)
def secrets_in(text: str) -> tuple[str, ...]:
    """What secrets a text holds, in words: "an AWS access key", "a value for DB_PASSWORD".

    Many instances share one boot script; it is read once.
    """
    found = [what for what, pattern in _KNOWN if pattern.search(text)]
    made = MADE_SECRETS.search(text)
    if made:
        found.append(f"a value that is secret ({made[1]})")
    for match in _ASSIGNED.finditer(text):
        value = match["value"].strip("\"'")
        if len(value) >= 4 and not _PLACE.search(match["name"]) and not _NOT_LITERAL.search(match["value"]):
            found.append(f"a value for {match['name']}")
    return tuple(dict.fromkeys(found))


_FILE = re.compile(r'\b(?:file|filebase64|templatefile)\(\s*\\?"(?:\$\{path\.(?:module|root)\}/)?(?:\./)?([^"$\\]+)')


def texts_of_user_data(resource: Resource) -> Iterator[str]:
    """The user data of a resource: as written, decoded where it is base64, and the files that it reads."""
    for argument in ("user_data", "user_data_base64"):
        value = resource.value(argument)
        if not isinstance(value, str) or not value:
            continue
        yield value.replace('\\"', '"').replace("\\n", "\n") if value.startswith("${") else value
        yield from _decoded(value)
        for name in _FILE.findall(value):
            content = resource.stack.files.get(name)
            if isinstance(content, str):
                yield content


def _decoded(value: str) -> Iterator[str]:
    from base64 import b64decode
    from binascii import Error

    bare = "".join(value.split())
    if len(bare) < 8 or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", bare):
        return
    try:
        content = b64decode(bare, validate=True)
        if content[:2] == b"\x1f\x8b":
            from gzip import decompress

            content = decompress(content)
        yield content.decode()
    except (Error, UnicodeDecodeError, OSError, EOFError):
        return
