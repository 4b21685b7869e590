#!/usr/bin/env bash
# crux witness show: the case that a simulation keeps, whole and damaged.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
cd "$work"

run simulate --seed 4 --fault contract -o case --json
is 'a case is kept' "$code" 0
bytes=$(json 'd["witness_bytes"]') claimed=$(json 'd["element"]["claimed"]') lawful=$(json 'd["element"]["lawful"]')
run witness show case
is 'witness show' "$code" 0
has 'witness show: bytes' "$out" "witness: $bytes bytes"
has 'witness show: values' "$out" "claimed $claimed, the law says $lawful"
has 'witness show: finding' "$out" 'finding: inconsistent'
run witness show case --json
is 'in JSON' "$(json '[d["finding"], d["status"], d["witness_bytes"]]')" "[\"inconsistent\", \"ok\", $bytes]"
code=0
out=$("$crux" witness show - <case) || code=$?
has 'standard input' "$code $out" 'finding: inconsistent'

# The last byte belongs to a sibling hash: the witness no longer leads to the root.
size=$(wc -c <case)
head -c $((size - 1)) case >changed
tail -c 1 case | tr '\000-\377' '\001-\377\000' >>changed
run witness show changed --json
is 'a malformed witness is shown' "$code $(json '[d["finding"], d["status"] == "ok"]')" '0 [null, false]'
run witness show changed
has 'with its error' "$out" 'no finding: '
head -c $((size - 1)) case >short
run witness show short --json
is 'a cut file is no case' "$code $(json 'd["error"]')" '1 truncated'
printf 'CRUXPROG and so on' >program
run witness show program --json
is 'another file is no case' "$code $(json 'd["error"]')" '1 bad_magic'
run witness show nothing --json
is 'no file' "$code $(json 'd["error"]')" '1 io'
run simulate --fault contract -o none/case
is 'nowhere to keep it' "$code" 1

run simulate --fault output -o none --json
is 'no element, no case' "$code $(json 'd["error"]')" '1 unsupported'

done_testing
