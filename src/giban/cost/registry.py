"""How a pricer is declared and found: a decorator, and a walk over the files of `pricers/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from giban.cost.context import Context, Line
from giban.graph.resource import Resource

Pricer = Callable[[Resource, Context], Iterable[Line]]
"""Yields the lines of a resource's bill. It must say nothing of a price that it does not know: `Context.line` does."""

_PRICERS: dict[str, Pricer] = {}
_FREE: dict[str, str] = {}
_loaded: list[bool] = []

OUTSIDE = ("random_", "tls_", "time_", "local_", "null_", "terraform_", "archive_", "external_")
"""Types of providers that make nothing in AWS."""


def prices(*types: str) -> Callable[[Pricer], Pricer]:
    """Declare the pricer of one or more resource types."""

    def declare(function: Pricer) -> Pricer:
        for type_ in types:
            _claim(type_)
            _PRICERS[type_] = function
        return function

    return declare


def free(reason: str, *types: str) -> None:
    """Declare that resources of these types cost nothing themselves, and why."""
    for type_ in types:
        _claim(type_)
        _FREE[type_] = reason


def _claim(type_: str) -> None:
    if type_ in _PRICERS or type_ in _FREE:
        raise ValueError(f"{type_} is declared twice")


def priced_types() -> list[str]:
    """Every type with a pricer, sorted."""
    _load()
    return sorted(_PRICERS)


def free_types() -> dict[str, str]:
    """Every type that costs nothing, with the reason."""
    _load()
    return dict(sorted(_FREE.items()))


def pricer(type_: str) -> Pricer | None:
    """The pricer of a type; None when it is free or nobody has written one."""
    _load()
    return _PRICERS.get(type_)


def why_free(type_: str) -> str | None:
    """Why a type costs nothing; None when it is not declared free."""
    _load()
    return "makes nothing in AWS" if type_.startswith(OUTSIDE) else _FREE.get(type_)


def _load() -> None:
    if _loaded:
        return
    from importlib import import_module
    from pkgutil import iter_modules

    from giban.cost import pricers

    for module in iter_modules(pricers.__path__):
        import_module(f"{pricers.__name__}.{module.name}")
    _loaded.append(True)
