"""What the checks say of a compiled blueprint, with its waivers applied."""

from __future__ import annotations

import datetime

from giban.checks.registry import Finding, run
from giban.checks.waivers import apply
from giban.lifecycle.fixes import in_words_of_the_blueprint
from giban.lifecycle.pipeline import Compiled


def findings(compiled: Compiled, today: datetime.date | None = None) -> list[Finding]:
    """Every finding; waived ones carry the reason. `today` decides which waivers have expired."""
    found = apply(run(compiled.graph), compiled.waivers, today or datetime.date.today())
    return in_words_of_the_blueprint(found)


def blocking(compiled: Compiled) -> list[Finding]:
    """The errors that are not waived: with one of these, nothing is applied to AWS."""
    return [item for item in findings(compiled) if item.severity == "error" and item.waived is None]
