"""The first values of a workstation's secrets (`common.first_values` fills them in)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

KEY_BYTES = 32
PASSWORD_LENGTH = 20
PASSWORD_LETTERS = "23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"  # noqa: S105 - letters to choose from
"""57 letters and digits, none that is mistaken for another in print: 20 of them are 116 bits."""


def host_value(random: Callable[[int], bytes]) -> dict[str, str]:
    """The first value of a host's secret: the key its reports are signed with, and the IDE's password."""
    return {"agent_key": random(KEY_BYTES).hex(), "password": new_password(random)}


def new_password(random: Callable[[int], bytes]) -> str:
    """A random password; every letter equally likely: bytes past the last whole round of the letters are drawn again."""
    limit = 256 - 256 % len(PASSWORD_LETTERS)
    made = ""
    while len(made) < PASSWORD_LENGTH:
        made += "".join(PASSWORD_LETTERS[byte % len(PASSWORD_LETTERS)] for byte in random(32) if byte < limit)
    return made[:PASSWORD_LENGTH]
