"""A text message of one part to one phone: 160 characters of GSM 03.38, or 70 when another letter is among them.

Longer ones arrive in several parts, each paid for. https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
Alphabet: https://www.etsi.org/deliver/etsi_gts/03/0338/05.00.00_60/gsmts_0338v050000p.pdf
"""

from __future__ import annotations

from ..card import Card
from . import Broken, Job
from .sns import publish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GSM_MOST, OTHER_MOST = 160, 70
GSM = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"#%&'()*+,-./:;<=>?@_\n\r"
    "£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€\f")
"""Letters that take two places."""
INSTEAD = str.maketrans({"·": "-", "…": ".", "—": "-", "–": "-", "“": '"', "”": '"', "’": "'", "≥": ">", "\t": " "})


def send(job: Job) -> dict[str, Any] | None:
    """One text message."""
    number = str(job.entry.get("number") or "")
    if not (number.startswith("+") and number[1:].isascii() and number[1:].isdigit() and 8 <= len(number) <= 16):
        raise Broken("The number is not in the form +821012345678.")
    kind = {"DataType": "String", "StringValue": "Transactional"}
    publish(
        job,
        PhoneNumber=number,
        Message=text_of(Card(job.message, job.view), job.ack),
        MessageAttributes={"AWS.SNS.SMS.SMSType": kind},
    )
    return None


def text_of(card: Card, ack: str | None) -> str:
    """What fits into one part: the headline cut to leave room for the link; a link that does not fit at all is left out.

    A title in Korean and a link do not fit into 70 letters together: then the title is what a person must read.
    """
    line = " ".join(card.headline().removeprefix(card.symbol).split()).translate(INSTEAD)
    if ack:
        whole = f"{line} {ack}"
        if size(whole) <= limit(whole):
            return whole
        room = limit(whole) - size(f" {ack}")
        if room >= 40:
            return f"{fitted(line, room, is_gsm(whole))} {ack}"
    return fitted(line, limit(line), is_gsm(line))


def is_gsm(text: str) -> bool:
    """Whether every letter is in the alphabet of one-byte messages."""
    return all(letter in GSM or letter in GSM_TWICE for letter in text)


def limit(text: str) -> int:
    """How many places one part has for this text."""
    return GSM_MOST if is_gsm(text) else OTHER_MOST


def size(text: str) -> int:
    """Places the text takes: GSM letters, or units of UTF-16."""
    if is_gsm(text):
        return sum(2 if letter in GSM_TWICE else 1 for letter in text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitted(text: str, most: int, gsm: bool) -> str:
    """The text cut to `most` places, with two dots where it was cut."""
    taken, made = 0, ""
    places = [
        (2 if letter in GSM_TWICE else 1) if gsm else len(letter.encode("utf-16-le", "surrogatepass")) // 2
        for letter in text
    ]
    if sum(places) <= most:
        return text
    for letter, place in zip(text, places, strict=True):
        if taken + place > most - 2:
            break
        made += letter
        taken += place
    return made.rstrip() + ".."
