#!/usr/bin/env bash
# system_packages.sh: the Debian packages that tests need and pip does not carry, installed only where they are missing:
#   chromium     opens the workstation's page (playwright drives it; its own browser is never downloaded)
#   packer       validates the image template that `giban export` writes
#   fonts-nanum  Korean letters in the screenshots
# Asks no network when all are there.
set -euo pipefail

missing=()
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v packer >/dev/null || missing+=(packer)
# Any font that knows Korean will do.
if ! command -v fc-list >/dev/null; then
    missing+=(fontconfig fonts-nanum)
elif [ -z "$(fc-list ':lang=ko' family)" ]; then
    missing+=(fonts-nanum)
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "The tests need: ${missing[*]} (these are Debian's names). Install them with this system's package manager." >&2
    exit 2
elif [ "$(id -u)" = 0 ]; then
    root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root=(sudo)
else
    echo "The tests need: ${missing[*]}. Install them first: sudo apt-get install ${missing[*]}" >&2
    exit 2
fi
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -qq
"${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
