"""QR codes are read back from the very characters that a terminal gets."""

from __future__ import annotations

import re

import pytest
import zxingcpp

from giban.cli._qr import qr_lines
from giban.cli._workstation_pair import show_code

SIGNS = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
SCALE = 4
"""Pixels a module."""


def photograph(lines: list[str], *, drawn_is_dark: bool) -> memoryview:
    """What a camera sees: grey values, where the drawn part of a character is dark or light."""
    rows = []
    for line in lines:
        for half in (0, 1):
            drawn = [SIGNS[sign][half] for sign in line]
            row = b"".join(bytes([0 if bool(on) is drawn_is_dark else 255]) * SCALE for on in drawn)
            rows += [row] * SCALE
    return memoryview(b"".join(rows)).cast("B", shape=[len(rows), len(rows[0])])


TEXTS = [
    "https://dev-admin.scv.example.com/",
    "otpauth://totp/giban:dev%20(scv)?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=giban&algorithm=SHA1&digits=6&period=30",
    "반",
    "x" * 300,
]


@pytest.mark.parametrize("text", TEXTS)
def test_black_on_white_whatever_the_theme(text: str) -> None:
    lines = qr_lines(text, colour=True)
    assert all(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m") for line in lines)
    plain = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in lines]
    assert [found.text for found in zxingcpp.read_barcodes(photograph(plain, drawn_is_dark=True))] == [text]


@pytest.mark.parametrize("text", TEXTS)
def test_without_colours_on_a_dark_background(text: str) -> None:
    lines = qr_lines(text, colour=False)
    assert not any("\x1b" in line for line in lines)
    assert [found.text for found in zxingcpp.read_barcodes(photograph(lines, drawn_is_dark=False))] == [text]


def test_the_page_of_a_workstation_is_opened_by_its_qr_code(capsys: pytest.CaptureFixture[str]) -> None:
    code = {"code": "25TDQ2EX", "expires_at": "2026-11-23T03:00:00Z"}
    show_code(code, TEXTS[0], "dev", terminal=True)
    shown = capsys.readouterr().out
    assert "│   2  5  T  D  Q  2  E  X   │" in shown
    modules = [line for line in shown.splitlines() if line and set(line) <= set(SIGNS)]
    (found,) = zxingcpp.read_barcodes(photograph(modules, drawn_is_dark=False))
    assert found.text == TEXTS[0], "its address and nothing else: the code is typed"


def test_a_narrow_window_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    show_code({"code": "25TDQ2EX"}, TEXTS[0], "dev", terminal=True)
    shown = capsys.readouterr().out
    assert "it needs 37 columns" in shown
    assert TEXTS[0] in shown


def test_an_address_fits_a_small_window() -> None:
    lines = qr_lines(TEXTS[0], colour=False)
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 60
    assert len(lines) <= 24
