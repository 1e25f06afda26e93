#!/usr/bin/env bash
# make_venv.sh PYTHON FOLDER (--editable | REQUIREMENT…): a virtual environment from nothing but a Python >= 3.11.
set -euo pipefail
python=$1 folder=$2
shift 2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "giban needs Python 3.11 or newer, $("$python" --version 2>&1) was found. Set PYTHON=/path/to/python3." >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian and Ubuntu ship venv as a package of its own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv
    else
        echo "Python's venv module is missing: install it first (Debian, Ubuntu: apt-get install python3-venv)." >&2
        exit 2
    fi
fi

rm -rf "$folder"
"$python" -m venv "$folder"
export PIP_DISABLE_PIP_VERSION_CHECK=1
pip=("$folder/bin/python" -m pip install --quiet --progress-bar off)
# Dependency groups need pip 25.1 (https://pip.pypa.io/en/stable/news/).
"${pip[@]}" --upgrade "pip>=25.1"
if [ "${1:-}" = --editable ]; then
    "${pip[@]}" --editable '.[rehearsal,aws,hcl]' --group dev
else
    "${pip[@]}" "$@"
fi
