#!/usr/bin/env bash
# Sourced by the tests of the command line.   crux: the program; work: an empty folder that goes away afterwards.
#
#   run ARGS...              runs crux; sets code, out, err
#   is WHAT GOT WANT         equal
#   has WHAT TEXT PIECE      TEXT contains PIECE
#   json EXPRESSION          prints a value of the one object in $out; d is the object
#   done_testing             says the count, and fails if a check failed
set -euo pipefail
export LC_ALL=C
crux=${1:?the crux program}
[[ $crux == /* ]] || crux=$PWD/$crux
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
code=0 out='' err=''

run() {
    code=0
    "$crux" "$@" >"$work/.out" 2>"$work/.err" </dev/null || code=$?
    out=$(tr -d '\0' <"$work/.out")
    err=$(<"$work/.err")
}

fail() {
    failures=$((failures + 1))
    printf 'FAILED %s\n  code %s\n  out  %s\n  err  %s\n' "$1" "$code" "${out:0:2000}" "${err:0:2000}"
}

is() {
    checks=$((checks + 1))
    [[ $2 == "$3" ]] || fail "$1: got '${2:0:300}', want '$3'"
}

has() {
    checks=$((checks + 1))
    [[ $2 == *"$3"* ]] || fail "$1: no '$3' in it"
}

# Whole standard output must be one object, with no name twice.
json() {
    python3 -c '
import json, sys
def once(pairs):
    assert len(dict(pairs)) == len(pairs), "a name twice"
    return dict(pairs)
d = json.load(open(sys.argv[1]), object_pairs_hook=once)
assert isinstance(d, dict)
v = eval(sys.argv[2], {"d": d})
print(json.dumps(v) if isinstance(v, (bool, list, dict)) else v)
' "$work/.out" "$1" 2>&1 || true
}

done_testing() {
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [[ $checks -gt 0 && $failures -eq 0 ]]
}
