"""Child process of `functions.py`: processor time and memory until a handler wants its first client of AWS.

`python first_client.py FOLDER MODULE ATTRIBUTE EVENT`: imports the handler from FOLDER, gives it the event, and stops at the
first import of boto3 or botocore, or when the handler has answered. Prints JSON: seconds, bytes, what stopped it.
"""

from __future__ import annotations

import json
import sys
import time


class Wanted(BaseException):
    """The handler wants a client of AWS; no handler catches this."""


class Stop:
    """A finder that asks nobody: the first import of the SDK ends the measurement."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Called for every module that is not loaded yet."""
        if name in ("boto3", "botocore"):
            raise Wanted(name)


def resident() -> int:
    """Resident memory in bytes (https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def main() -> None:
    """Measure and print."""
    folder, module, attribute, event = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
    sys.path.insert(0, folder)
    sys.meta_path.insert(0, Stop())
    output, sys.stdout = sys.stdout, open("/dev/null", "w")  # noqa: SIM115 - until the process ends
    before, begin = resident(), time.process_time()
    stopped = "answered"
    try:
        handler = getattr(__import__(module, fromlist=[attribute]), attribute)
        handler(event, None)
    except Wanted as wanted:
        stopped = str(wanted)
    seconds = time.process_time() - begin
    print(json.dumps({"seconds": seconds, "bytes": resident() - before, "stopped": stopped}), file=output)


if __name__ == "__main__":
    main()
