"""Colours for light and dark, and the style sheet made of them. Text and what it stands on are checked for contrast in tests."""

from __future__ import annotations

LIGHT = {
    "page": "#ffffff",
    "text": "#1c2733",
    "quiet": "#55626f",
    "card": "#ffffff",
    "card-line": "#c3ccd6",
    "region": "#f6f8fb",
    "region-line": "#b9c4d0",
    "world": "#f6f8fb",
    "vpc": "#fbfaff",
    "vpc-line": "#8a6fd1",
    "services": "#fdf8f1",
    "services-line": "#cf9a63",
    "zone": "#f1f4f9",
    "zone-line": "#a9b7c6",
    "public": "#e4f4ea",
    "private": "#e3eefb",
    "isolated": "#fbeee0",
    "chip": "#edf1f6",
    "chip-line": "#cfd8e2",
    "request": "#1f6feb",
    "data": "#0b7a75",
    "egress": "#76828f",
    "admin": "#8a3ffc",
    "traffic": "#6d4bc3",
    "compute": "#c2570c",
    "data-icon": "#2558c9",
    "storage": "#2e7d32",
    "messaging": "#b8316f",
    "security": "#b3261e",
    "delivery": "#33658a",
    "watching": "#57606a",
    "other": "#6b7280",
    "icon": "#ffffff",
}
DARK = {
    "page": "#0d1117",
    "text": "#e6edf3",
    "quiet": "#a3aebb",
    "card": "#1b222c",
    "card-line": "#3d4856",
    "region": "#11161e",
    "region-line": "#3b4654",
    "world": "#11161e",
    "vpc": "#14142a",
    "vpc-line": "#8f7ce0",
    "services": "#1f1a12",
    "services-line": "#8f6a3c",
    "zone": "#161c28",
    "zone-line": "#45505f",
    "public": "#12291d",
    "private": "#12233c",
    "isolated": "#2f2213",
    "chip": "#283140",
    "chip-line": "#435063",
    "request": "#6cb0ff",
    "data": "#4cc9c0",
    "egress": "#8a96a3",
    "admin": "#c4a1ff",
    "traffic": "#7b5ad6",
    "compute": "#c9600f",
    "data-icon": "#3567db",
    "storage": "#358a3a",
    "messaging": "#c43d7c",
    "security": "#c43a31",
    "delivery": "#3f76a0",
    "watching": "#626c77",
    "other": "#6b7280",
    "icon": "#ffffff",
}
GROUNDS = ("page", "region", "world", "vpc", "services", "zone", "public", "private", "isolated", "card", "chip")
"""What texts stand on."""

FONTS = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans','Noto Sans CJK KR','Apple SD Gothic Neo',sans-serif"


def rules(colours: dict[str, str]) -> str:
    """The colour rules of one scheme."""
    c = colours
    out = [
        f".page{{fill:{c['page']}}}",
        f"text{{fill:{c['text']}}}.q{{fill:{c['quiet']}}}.el{{stroke:{c['page']}}}",
        f".region,.world{{fill:{c['region']};stroke:{c['region-line']}}}",
        f".vpc{{fill:{c['vpc']};stroke:{c['vpc-line']}}}",
        f".services{{fill:{c['services']};stroke:{c['services-line']}}}",
        f".zone{{fill:{c['zone']};stroke:{c['zone-line']}}}",
        *(f".{name}{{fill:{c[name]}}}" for name in ("public", "private", "isolated")),
        f".panel{{fill:{c['card']};fill-opacity:.45;stroke:{c['zone-line']};stroke-opacity:.5}}",
        f".card{{fill:{c['card']};stroke:{c['card-line']}}}",
        f".chip{{fill:{c['chip']};stroke:{c['chip-line']}}}",
        *(f".e-{k}{{stroke:{c[k]}}}.h-{k}{{fill:{c[k]}}}" for k in ("request", "data", "egress", "admin")),
        *(
            f".i-{k}{{fill:{c['data-icon' if k == 'data' else k]}}}"
            for k in ("traffic", "compute", "data", "storage", "messaging", "security", "delivery", "watching", "other")
        ),
        f".icon{{stroke:{c['icon']}}}.ci{{stroke:{c['quiet']}}}",
    ]
    return "".join(out)


def style_sheet() -> str:
    """Light by default, dark where the reader's system says so."""
    shapes = (
        f"text{{font-family:{FONTS};font-size:12px}}"
        ".big{font-size:20px;font-weight:600}.ct{font-size:13px;font-weight:600}.cs{font-size:11px}"
        ".h{font-size:11.5px;font-weight:600}.n{font-weight:400}.num{font-size:10px}"
        ".el{font-size:10.5px;paint-order:stroke;stroke-width:3px;stroke-opacity:.8;stroke-linejoin:round}"
        ".region,.world,.vpc,.services,.zone,.card,.chip{stroke-width:1}.vpc{stroke-width:1.5}"
        ".zone{stroke-dasharray:5 4}.quiet{stroke-dasharray:4 3}"
        ".e{fill:none;stroke-width:1.6;stroke-linejoin:round}.e-egress{stroke-dasharray:2 3}.e-admin{stroke-dasharray:7 4}"
        ".icon,.ci{fill:none;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}"
    )
    return f"{shapes}{rules(LIGHT)}@media (prefers-color-scheme:dark){{{rules(DARK)}}}"
