"""QR codes on a terminal, two modules to a character, black on white whatever the terminal's colours are."""

from __future__ import annotations

from collections.abc import Iterator

BORDER = 4
"""Light modules around the code, which readers need (ISO/IEC 18004, quiet zone)."""

_BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m"
"""The two colours of the 256-colour palette that no theme changes."""
_PLAIN = "\x1b[0m"


def qr_lines(text: str, *, colour: bool) -> list[str]:
    """The lines of a QR code. Without colours the light modules are drawn, which is right on a dark background."""
    import segno

    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=BORDER)]
    if len(rows) % 2:
        rows.append(bytes(len(rows[0])))
    lines = (
        "".join(_characters(upper, lower, dark=colour)) for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    return [f"{_BLACK_ON_WHITE}{line}{_PLAIN}" if colour else line for line in lines]


def _characters(upper: bytes, lower: bytes, *, dark: bool) -> Iterator[str]:
    """Half blocks where a module is to be drawn: the dark ones, or the light ones."""
    signs = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    for above, below in zip(upper, lower, strict=True):
        yield signs[(bool(above) is dark, bool(below) is dark)]
