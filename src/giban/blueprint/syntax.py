"""The parser's complaints in words for people who do not know YAML's grammar, and what to do about each."""

from __future__ import annotations

from yaml.error import MarkedYAMLError, YAMLError

from giban.graph.problems import Position, Problem

_QUOTE = "Put the text in quotes."

_WORDS: dict[str, tuple[str, str]] = {
    "mapping values are not allowed in this context": (
        "A `key:` cannot stand here: the line above it is a value already, or there is a second `: ` in the line.",
        "Line the key up with the other keys of its section; put text that holds `: ` in quotes.",
    ),
    "block sequence entries are not allowed in this context": (
        "A list item (`- `) cannot begin here.",
        "Begin the list on a line of its own, indented under its key.",
    ),
    "could not find expected ':'": (
        "A line has no colon after its key.",
        "Write `key: value`, with a space after the colon (and after the dash of a list item).",
    ),
    "did not find expected '-' indicator": (
        "This line belongs neither to the list above nor to anything else.",
        "Begin it with `- ` like the other items, or indent it under its item.",
    ),
    "found unknown escape character": (
        "Inside double quotes a backslash has a meaning, and not this one.",
        "Use single quotes, or write the backslash twice.",
    ),
    "found undefined tag handle": (
        "Text that begins with ! is a tag to YAML, and this one is not known.",
        _QUOTE,
    ),
    "found incompatible YAML document": (
        "The %YAML line asks for a version that is not known.",
        "Remove the line.",
    ),
    "did not find expected alphabetic or numeric character": (
        "Text that begins with * or & is an alias or an anchor to YAML.",
        _QUOTE,
    ),
    "did not find expected comment or line break": (
        "After | or > (text of several lines) the line has to end.",
        "Begin the text on the next line, or put it in quotes.",
    ),
    "did not find expected <document start>": (
        "Something stands before the beginning of the document.",
        "Remove it, or the line that begins with %.",
    ),
}


def explain(error: YAMLError, text: str, file: str) -> Problem:
    """The problem that a parser's error stands for."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return _unreadable_character(error, text, file)
    mark, message = error.problem_mark, error.problem or ""
    context = error.context or ""
    opened = error.context_mark
    lines = text.splitlines() or [""]
    line = lines[mark.line] if mark.line < len(lines) else ""
    where = Position(file, mark.line + 1, mark.column + 1)
    if mark.line >= len(lines):  # the parser points behind the last line break
        where = Position(file, len(lines), len(lines[-1]) + 1)
    tab = _tab_in_indentation(lines, mark.line)
    if tab is not None and "quoted" not in context:
        number, column = tab
        return Problem(
            what="A tab is used for indentation.",
            fix="Use spaces; YAML does not take tabs there.",
            where=Position(file, number + 1, column + 1),
        )
    if message == "found character that cannot start any token":
        character = line[mark.column : mark.column + 1] or " "
        return Problem(what=f"The character {character} cannot begin a value.", fix=_QUOTE, where=where)
    if "unexpected end of stream" in message and opened is not None:
        begin = Position(file, opened.line + 1, opened.column + 1)
        return Problem(what="A quote is opened here and never closed.", fix="Close it.", where=begin)
    if message in ("did not find expected ',' or '}'", "did not find expected ',' or ']'") and opened is not None:
        bracket = "{" if message.endswith("'}'") else "["
        close = message[-2]
        return Problem(
            what=f"The {bracket} in line {opened.line + 1} is not closed before here, or a comma is missing.",
            fix=f"Close it with {close}, or put text that holds brackets or commas in quotes.",
            where=where,
        )
    if message == "did not find expected node content":
        what = "A value is expected here" + (
            ", and the text ends." if mark.line >= len(lines) else f", not `{line[mark.column :][:20]}`."
        )
        return Problem(what=what, fix="Write a value, or close the bracket that is open.", where=where)
    if message == "did not find expected key" and line.lstrip().startswith(": "):
        return Problem(what="There is no key before the colon.", fix="Write a key, or remove the colon.", where=where)
    if message == "did not find expected key":
        since = f" that begins in line {opened.line + 1}" if opened is not None and opened.line != mark.line else ""
        return Problem(
            what=f"This does not fit into the mapping{since}.",
            fix="Give it the indentation of the other keys, or put the value before it in quotes as a whole.",
            where=where,
        )
    if message == "did not find expected <document start>" and not any(ln.startswith("%") for ln in lines):
        what = "This line is indented less than the first one."
        return Problem(what=what, fix="Begin all keys of the same section in the same column.", where=where)
    if message == "could not find expected ':'" and opened is not None:
        where = Position(file, opened.line + 1, opened.column + 1)
    what, fix = _WORDS.get(message, ("", ""))
    if not what:
        what = f"This is not YAML: {' '.join(part for part in (context, message) if part)}."
        fix = "Correct the line, or put the text in quotes."
    return Problem(what=what, fix=fix, where=where)


def _tab_in_indentation(lines: list[str], number: int) -> tuple[int, int] | None:
    """Line and column (from 0) of a tab that indents the line of an error or the one before it."""
    for candidate in (number, number - 1):
        if 0 <= candidate < len(lines):
            line = lines[candidate]
            column = line[: len(line) - len(line.lstrip())].find("\t")
            if column >= 0:
                return candidate, column
    return None


def _readable(character: str) -> bool:
    """Whether YAML takes the character (https://yaml.org/spec/1.1/#c-printable)."""
    code = ord(character)
    return (
        character in "\t\n\r\x85"
        or 0x20 <= code <= 0x7E
        or 0xA0 <= code <= 0xD7FF
        or (0xE000 <= code <= 0xFFFD and code != 0xFEFF)
        or code >= 0x10000
    )


def _unreadable_character(error: YAMLError, text: str, file: str) -> Problem:
    at = next((index for index, character in enumerate(text) if not _readable(character)), None)
    if at is None:
        return Problem(what=f"This is not YAML: {error}.", fix="Correct the file.", where=Position(file, 1, 1))
    return Problem(
        what=f"There is an invisible control character (U+{ord(text[at]):04X}) here.",
        fix="Delete it and type the line again; is this a text file?",
        where=_position_of(text, at, file),
    )


def explain_encoding(error: UnicodeError, source: bytes | str, file: str) -> Problem:
    """The problem of a text that is not UTF-8."""
    fix = "Save the file as UTF-8."
    if isinstance(error, UnicodeDecodeError) and isinstance(source, bytes):
        if source[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return Problem(what="The file is UTF-16.", fix=fix, where=Position(file, 1, 1))
        before = source[: error.start].decode()
        what = f"The byte 0x{source[error.start]:02X} is not UTF-8 text."
        return Problem(what=what, fix=fix, where=_position_of(before, len(before), file))
    at = error.start if isinstance(error, UnicodeEncodeError) else 0
    return Problem(
        what="The text holds bytes that are not UTF-8.",
        fix="Write it in UTF-8.",
        where=_position_of(source, at, file) if isinstance(source, str) else Position(file, 1, 1),
    )


def _position_of(text: str, at: int, file: str) -> Position:
    before = text[:at]
    line = before.count("\n")
    return Position(file, line + 1, at - (before.rfind("\n") + 1) + 1)
