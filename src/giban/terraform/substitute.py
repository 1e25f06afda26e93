"""Variables and locals whose values are written down, put where they are used.

This is what a check can know before a plan: defaults, `terraform.tfvars` and `*.auto.tfvars`, and locals, also when they
name a resource (`local.vpc_id` → `${aws_vpc.main.id}`). Functions are not called; what is not known stays an expression.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

_NAME = r"(?<![\w.-])(var|local)\.([A-Za-z_][\w-]*)"
_STEPS = r"((?:\.[A-Za-z_][\w-]*|\[\d+\]|\[\"[^\"]*\"\])*)"
_WHOLE = re.compile(r"\$\{\s*" + _NAME + _STEPS + r"\s*\}")
_BARE = re.compile(_NAME + _STEPS + r"(?![\w\[(*])")
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[\"([^\"]*)\"\]")
_MISSING = object()


class Scope:
    """The values of one root. `variables` are known values; `locals_` may use variables and one another."""

    def __init__(self, variables: dict[str, Any], locals_: dict[str, Any]) -> None:
        self._values: dict[tuple[str, str], Any] = {("var", name): value for name, value in variables.items()}
        self._locals = dict(locals_)

    def apply(self, value: Any) -> Any:
        """The value with everything put in that is known."""
        if isinstance(value, str):
            return self._text(value) if "var." in value or "local." in value else value
        if isinstance(value, dict):
            return {(self._key(key) if "${" in key else key): self.apply(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.apply(item) for item in value]
        return value

    def _key(self, key: str) -> str:
        replaced = self._text(key)
        return str(replaced) if isinstance(replaced, str | int | float) else key

    def _text(self, text: str) -> Any:
        whole = _WHOLE.fullmatch(text)
        if whole is not None:
            found = self._find(whole)
            return text if found is _MISSING else found
        text = _WHOLE.sub(self._inside_text, text)
        # `${cidrsubnet(var.cidr, 8, 1)}`; with quotes in it, `var.` might be part of a text.
        if text.startswith("${") and text.endswith("}") and '"' not in text:
            return _BARE.sub(self._inside_expression, text)
        return text

    def _inside_text(self, match: re.Match[str]) -> str:
        found = self._find(match)
        if isinstance(found, bool):
            return str(found).lower()
        return str(found) if isinstance(found, str | int | float) else match[0]

    def _inside_expression(self, match: re.Match[str]) -> str:
        found = self._find(match)
        if isinstance(found, str):
            whole = found.startswith("${") and found.endswith("}") and found.count("${") == 1
            if whole:
                return found[2:-1].strip()
            return match[0] if "${" in found else msgspec.json.encode(found).decode()
        return msgspec.json.encode(found).decode() if isinstance(found, bool | int | float) else match[0]

    def _find(self, match: re.Match[str]) -> Any:
        found = self._value(match[1], match[2])
        for name, index, key in _STEP.findall(match[3]):
            if isinstance(found, dict):
                found = found.get(name or key, _MISSING)
            elif isinstance(found, list) and index and int(index) < len(found):
                found = found[int(index)]
            else:
                return _MISSING
        return _MISSING if found is None else found

    def _value(self, kind: str, name: str) -> Any:
        if kind == "local" and name in self._locals:
            # Taken out first: a local that names itself stays an expression instead of going round for ever.
            own = self._locals.pop(name)
            self._values["local", name] = _MISSING
            self._values["local", name] = self.apply(own)
        return self._values.get((kind, name), _MISSING)
