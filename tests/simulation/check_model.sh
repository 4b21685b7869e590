#!/usr/bin/env bash
# check_model.sh MODEL.pml [SED-EXPRESSION]: spin over a model, changed by the expression if there is one, for safety, then for cycles. Prints states, depth and errors; fails on any
# error, on a search that was cut short, and on a state of the model that no game reaches.
set -euo pipefail
model=$(realpath "$1")
for program in spin cc; do
    if ! command -v "$program" >/dev/null; then
        echo "skipped: $program is not installed"
        exit 77
    fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
sed "${2:-}" "$model" >model.pml
spin -a model.pml >generate.log || {
    cat generate.log
    exit 1
}

# run NAME CC-FLAGS... -- PAN-FLAGS...
run() {
    local name=$1 flags=() states depth errors
    shift
    while [[ $1 != -- ]]; do
        flags+=("$1")
        shift
    done
    shift
    cc -O0 -w "${flags[@]}" -o pan pan.c
    ./pan -m100000 -w20 "$@" >"$name.log" 2>&1 || true
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$name.log")
    depth=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' "$name.log")
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$name.log")
    echo "$name: ${states:-?} states, depth ${depth:-?}, errors ${errors:-?}"
    if [[ ${errors:-1} != 0 ]] || grep -q 'max search depth too small\|out of memory' "$name.log"; then
        cat "$name.log"
        exit 1
    fi
}

run safety -DSAFETY --
if grep -q ', state [0-9]' safety.log; then
    echo "some states of the model are never reached:"
    sed -n '/unreached/,$p' safety.log
    exit 1
fi
run cycles -DNP -- -l
