#!/usr/bin/env bash
# check_can_fail.sh RUNNER...: the runner refuses vectors that are false, missing, empty, or not understood.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fresh() {
    rm -rf "$folder/v"
    cp -r spec/vectors "$folder/v"
}

must_fail() { # must_fail WHAT RUNNER...
    local what=$1
    shift
    if "$@" "$folder/v" >"$folder/log" 2>&1; then
        echo "not noticed: $what"
        exit 1
    fi
    grep -m1 FAILED "$folder/log" || { echo "fails, but does not say why: $what"; exit 1; }
}

edit() { # edit FILE SED-SCRIPT
    fresh
    sed -i "$2" "$folder/v/$1.json"
    ! cmp -s "spec/vectors/$1.json" "$folder/v/$1.json" || { echo "the edit of $1 does nothing"; exit 1; }
}

edit ops '0,/"value":"\(-\{0,1\}\)/s//"value":"\11/'
must_fail 'a wrong value' "$@"
edit ops '0,/"values":\["-\{0,1\}/s//&1/'
must_fail 'a wrong operand' "$@"
edit ops '0,/,"x":"/s//&1/'
must_fail 'a wrong x' "$@"
edit ops '0,/"name"/s//"nom":1,"name"/'
must_fail 'an unknown key' "$@"
edit descriptors '0,/"error":"bad_op",/s///'
must_fail 'an error that is not expected' "$@"
edit descriptors '0,/"error":"bad_op"/s//"error":"bad_range"/'
must_fail 'another error' "$@"
edit programs '0,/"error":"syntax"/s//"error":"bad_dim"/'
must_fail 'another error of a program' "$@"
edit layout '0,/"padding":\[\[0,false/s//"padding":[[0,true/'
must_fail 'padding in another place' "$@"
edit merkle '0,/"root":"[0-9a-f]/s//"root":"x/'
must_fail 'letters that are not hex' "$@"
edit programs '0,/"bytes":"[0-9a-f]*z/s//&1/'
must_fail 'another number of zeros' "$@"
edit programs '0,/z[0-9]*\./s//z3./'
must_fail 'three zeros as their number' "$@"
edit encodings '0,/"hash":"0\{0,1\}[0-9a-f]/s//"hash":"/'
must_fail 'a hash of another length' "$@"
edit witnesses '0,/"finding":"consistent"/s//"finding":"inconsistent"/'
must_fail 'another finding' "$@"
edit witnesses '0,/"finding":"inconsistent"/s//"finding":"consistent"/'
must_fail 'the other finding' "$@"
edit errors '0,/"status":"truncated"/s//"status":"trunkated"/'
must_fail 'another name of an error' "$@"
edit merkle '0,/"name":"[a-z_0-9]*"/s//"name":"root_case_1_leaves"/'
must_fail 'a name given twice' "$@"
edit merkle '0,/"format":2/s//"format":3/'
must_fail 'another format' "$@"
if [[ $1 != node ]]; then # games are played by the native runner alone
    edit game '0,/"error":"too_late"/s//"error":"not_too_late"/'
    must_fail 'another error of a move' "$@"
    edit game '0,/"end":8/s//"end":9/'
    must_fail 'another end of a dispute' "$@"
    edit game '0,/"burned":600/s//"burned":601/'
    must_fail 'a unit of value elsewhere' "$@"
    edit game '0,/"records":"\([0-9a-f]*\)[0-9a-f]"/s//"records":"\1x"/'
    must_fail 'another hash of the records' "$@"
    edit game '0,/"move":"0/s//"move":"1/'
    must_fail 'another move' "$@"
fi
fresh
rm "$folder/v/witnesses.json"
must_fail 'a missing file' "$@"
fresh
: >"$folder/v/layout.json"
must_fail 'an empty file' "$@"
fresh
printf '{"file":"layout","format":2,"vectors":[]}\n' >"$folder/v/layout.json"
must_fail 'a file without vectors' "$@"
fresh
cp "$folder/v/layout.json" "$folder/v/more.json"
must_fail 'a file that no runner knows' "$@"
fresh
"$@" "$folder/v" | tail -n 1
