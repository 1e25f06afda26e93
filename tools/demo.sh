#!/usr/bin/env bash
# The main job on the example: compiled, checked, priced, drawn, created on emulated AWS. `make demo` runs it.
set -uo pipefail
cd "$(dirname "$0")/.."
giban=.venv/bin/giban
blueprint=examples/three-tier/giban.yaml
picture=${DEMO_PICTURE:-.giban-demo.svg}

step() { printf '\n== giban %s\n' "$*"; "$giban" "$@"; }

step export .giban-demo "$blueprint" || exit
step check "$blueprint" || exit
step cost "$blueprint" || exit
step draw "$blueprint" -o "$picture" || exit
step up "$blueprint"
code=$?
if [ $code != 0 ]; then
    echo
    echo "The rehearsal did not run (see above). The documents are in .giban-demo, the picture is $picture."
    # Without a provider there is nothing to rehearse with; everything before it has been shown.
    [ $code = 3 ] && ! "$giban" doctor --quiet && exit 0
    exit $code
fi
step status "$blueprint" || exit
cat <<NEXT

The environment is up on emulated AWS. Now:
  $giban plan $blueprint                    nothing to change
  edit $blueprint, then giban up again              only the difference is applied
  $giban rehearsal status $blueprint        the emulators
  $giban down $blueprint                    take it away
  $giban rehearsal stop $blueprint          stop the emulators
NEXT
