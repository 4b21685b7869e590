#!/usr/bin/env bash
# Sourced by the tests of the command line.   crux: the program; work: an empty folder that goes away afterwards.
#
#   run ARGS...              runs crux; sets code, out, err
#   is WHAT GOT WANT         equal
#   has WHAT TEXT PIECE      TEXT contains PIECE
#   json EXPRESSION          prints a value of the one object in $out; d is the object
#   sanitized                is crux one with a sanitizer? Then a test does less of what the release build does in full
#   done_testing             says the count, and fails if a check failed
set -euo pipefail
export LC_ALL=C
crux=${1:?the crux program}
[[ $crux == /* ]] || crux=$PWD/$crux
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0 failures=0
code=0 out='' err=''

sanitized() { [[ ${CRUX_SANITIZED:-0} == 1 ]]; }

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

# Answers questions about $out, one after the other, each ended by a NUL: one process for a whole test, as to start it
# takes longer than most runs of crux. Whole standard output must be one object, with no name twice.
coproc answers {
    exec python3 -c '
import json, os, sys, traceback

def questions():
    text = b""
    while piece := os.read(0, 65536):
        *whole, text = (text + piece).split(b"\0")
        yield from whole

def once(pairs):
    assert len(dict(pairs)) == len(pairs), "a name twice"
    return dict(pairs)

for question in questions():
    try:
        d = json.load(open(sys.argv[1]), object_pairs_hook=once)
        assert isinstance(d, dict)
        v = eval(question.decode(), {"d": d})
        said = json.dumps(v) if isinstance(v, (bool, list, dict)) else str(v)
    except Exception:
        said = traceback.format_exc()
    os.write(1, said.encode() + b"\0")
' "$work/.out"
}
# Copies that stay open in subshells, for $(json ..).
exec {question_fd}>&"${answers[1]}" {answer_fd}<&"${answers[0]}"

json() {
    local said=
    printf '%s\0' "$1" >&"$question_fd"
    IFS= read -r -d '' said <&"$answer_fd" || said='no answer: is python3 there?'
    printf '%s\n' "$said"
}

done_testing() {
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [[ $checks -gt 0 && $failures -eq 0 ]]
}
