"""What an answer is: which surveys there are, what is taken, and what is told to whoever sent something else."""

import os
import re

SURVEYS = tuple(name.strip() for name in os.environ.get("SURVEYS", "lunch").split(",") if name.strip())
BEST = 5
LONGEST_COMMENT = 1000

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{7,63}\Z")
_SCORE = re.compile(r"[1-5](\.0)?\Z")


class BadAnswerError(Exception):
    """What is wrong with an answer, a sentence for each thing."""

    def __init__(self, reasons):
        self.reasons = reasons
        super().__init__(" ".join(reasons))


def read_answer(fields, id_=""):
    """The answer in these fields (texts or numbers by name): {"survey", "id", "score", "comment"}. `id_` stands for a missing id.

    Raises BadAnswerError with everything that is wrong.
    """
    if not isinstance(fields, dict):
        raise BadAnswerError(["An answer is an object with survey and score."])
    reasons = []
    survey = _text(fields.get("survey"))
    if survey not in SURVEYS:
        reasons.append(
            f"There is no survey {_shown(survey)}; there is {', '.join(SURVEYS)}." if survey else "survey is missing."
        )
    number = _text(fields.get("id")) or id_
    if not _ID.match(number):
        reasons.append("id must have 8 to 64 letters, digits and dashes." if number else "id is missing.")
    score = _text(fields.get("score"))
    if not _SCORE.match(score):
        reasons.append(f"score must be a whole number from 1 to {BEST}." if score else "score is missing.")
    comment = _text(fields.get("comment"))
    if len(comment) > LONGEST_COMMENT:
        reasons.append(f"comment has {len(comment)} characters, more than {LONGEST_COMMENT}.")
    if any(ord(letter) < 32 and letter not in "\n\r\t" for letter in comment):
        reasons.append("comment has characters that cannot be shown.")
    if reasons:
        raise BadAnswerError(reasons)
    return {"survey": survey, "id": number, "score": int(score[0]), "comment": comment}


def _text(value):
    if value is None or isinstance(value, (bool, list, dict)):
        return ""
    return str(value).strip()


def _shown(text):
    return text if len(text) <= 40 else text[:39] + "…"
