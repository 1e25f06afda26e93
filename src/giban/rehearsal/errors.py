"""What can go wrong around the emulators themselves. What Terraform says about them is translated in `terraform.errors`."""

from __future__ import annotations

from giban.terraform.errors import OutsideWorld, RetryLater


class RehearsalUnavailable(OutsideWorld):
    """The emulators are not installed here."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(
            message=f"The rehearsal needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
            "installed. Get it with: pip install 'giban[rehearsal]'"
        )


class EmulatorFailed(OutsideWorld):
    """An emulator did not start, or does not answer."""


class StartUnderWay(RetryLater):
    """Another process starts or stops the same emulators and does not come to an end."""
