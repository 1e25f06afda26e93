"""Archives of the code that functions run: the files of `runtime/`, the same bytes on every machine.

Nothing in them depends on who builds them or when: entries are sorted, compressed by `deflate`, dated 1980, and readable by
everybody as Lambda wants it. Comments and docstrings stay at home; lines keep their numbers, so that a traceback leads to the
line of the source. `runtime` is read as files and never imported.
Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from struct import pack
from zlib import crc32

RUNTIME = os.path.join(os.path.dirname(os.path.dirname(__file__)), "runtime")
"""Where the deployed code lies in this package."""

LEFT_OUT = ("__pycache__", "README.md")
_DATE = (1 << 5) | 1
"""1 January 1980, the first day a ZIP archive knows."""
_MADE_BY_UNIX = 3 << 8 | 20
_READABLE = 0o100644 << 16


SHARED = "common"
"""The package of `runtime` that is in every archive."""


def function_code(*packages: str, extra: Mapping[str, bytes] | None = None) -> bytes:
    """The archive of these packages of `runtime` (`"admin"`, `"power"`) and the shared one; `runtime` is its root package.

    `extra` are further files by their path in it (`runtime/alarms/config.json`): what the function must know and what is too
    much for its environment of 4 KB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    """
    return _archive(packages, tuple(sorted((extra or {}).items())))


@cache
def _archive(packages: tuple[str, ...], extra: tuple[tuple[str, bytes], ...]) -> bytes:
    names = ["__init__.py"]
    for package in (SHARED, *packages):
        for folder, folders, files in os.walk(os.path.join(RUNTIME, package)):
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            inside = os.path.relpath(folder, RUNTIME).replace(os.sep, "/")
            names += [f"{inside}/{name}" for name in files if name not in LEFT_OUT]
    return zipped({**{f"runtime/{name}": _deployed(name) for name in names}, **dict(extra)})


def runtime_text(name: str) -> str:
    """A text file of `runtime`: `agent/giban_agent.py`."""
    return _read(name).decode()


def bare(source: str) -> str:
    """Python source without comments and docstrings, line for line."""
    import tokenize
    from io import StringIO

    lines = source.splitlines(keepends=True)
    begins = True
    cuts = []
    tokens = list(tokenize.generate_tokens(StringIO(source).readline))
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.type == tokenize.COMMENT:
            cuts.append((token.start, token.end, ""))
        elif token.type == tokenize.STRING and begins and following.type in (tokenize.NEWLINE, tokenize.COMMENT):
            cuts.append((token.start, token.end, '""'))
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    for (row, column), (last, end), instead in reversed(cuts):
        rest = lines[last - 1][end:]
        lines[row - 1] = lines[row - 1][:column] + instead + (rest if row == last else "\n")
        for inside in range(row, last):
            lines[inside] = rest if inside == last - 1 and rest.strip() else "\n"
    return "".join(line.rstrip() + "\n" for line in lines)


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP archive of these files."""
    from giban.components.deflate import deflated

    entries, directory = b"", b""
    for name in sorted(files):
        path, content = name.encode(), deflated(files[name])
        sizes = (crc32(files[name]), len(content), len(files[name]))
        # Flags, method "deflated", time, date, checksum, both sizes, lengths of name and extra field.
        common = pack("<HHHHIIIHH", 0x800, 8, 0, _DATE, *sizes, len(path), 0)
        directory += pack("<IHH", 0x02014B50, _MADE_BY_UNIX, 20) + common
        directory += pack("<HHHII", 0, 0, 0, _READABLE, len(entries)) + path
        entries += pack("<IH", 0x04034B50, 20) + common + path + content
    end = pack("<IHHHHIIH", 0x06054B50, 0, 0, len(files), len(files), len(directory), len(entries), 0)
    return entries + directory + end


def _deployed(name: str) -> bytes:
    content = _read(name)
    return bare(content.decode()).encode() if name.endswith(".py") else content


def _read(name: str) -> bytes:
    with open(os.path.join(RUNTIME, name), "rb") as opened:
        return opened.read()
