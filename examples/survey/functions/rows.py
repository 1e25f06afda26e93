"""Files of answers, row by row: CSV with a header, a JSON array, or a JSON object in each line.

Nothing is dropped: what cannot be read is a row too, with its reason.
"""

import csv
import io
import json

ENCODINGS = ("utf-8-sig", "cp949")
"""Excel in Korea still writes the second one."""
LONGEST = 10 * 1024 * 1024


class UnreadableError(Exception):
    """The whole file cannot be read."""


def rows_of(name, data):
    """Yields (line, fields, reason): fields to read an answer from and None, or None and the reason why there are none.

    Raises UnreadableError when it is neither CSV nor JSON.
    """
    if len(data) > LONGEST:
        raise UnreadableError(f"The file has {len(data)} bytes, more than {LONGEST}.")
    text = _decoded(data)
    if not text.strip():
        raise UnreadableError("The file is empty.")
    if name.lower().endswith(".csv"):
        yield from _csv(text)
    elif name.lower().endswith((".json", ".jsonl", ".ndjson")):
        yield from _json(text)
    else:
        raise UnreadableError("Only files whose names end in .csv, .json, .jsonl and .ndjson are read.")


def _decoded(data):
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError("The file is not text in UTF-8 (or CP949).")


def _csv(text):
    if "\0" in text:
        raise UnreadableError("The file is not text.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, None, f"The row cannot be read: {error}."
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            if "score" not in header or "survey" not in header:
                raise UnreadableError("The first line must name the columns, survey and score among them.")
            if len(set(header)) != len(header):
                raise UnreadableError("Two columns have the same name.")
        elif len(cells) != len(header):
            yield line, None, f"The row has {len(cells)} cells, the header {len(header)}."
        else:
            yield line, dict(zip(header, cells, strict=True)), None


def _json(text):
    if text.lstrip().startswith("["):
        try:
            items = json.loads(text)
        except ValueError as error:
            raise UnreadableError(f"The file is no JSON: {error}.") from None
        for number, item in enumerate(items, 1):
            yield _item(number, item)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError as error:
            yield number, None, f"The line is no JSON: {error}."
            continue
        yield _item(number, item)


def _item(number, item):
    return (
        (number, item, None) if isinstance(item, dict) else (number, None, "This is no object with survey and score.")
    )
