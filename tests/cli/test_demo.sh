#!/usr/bin/env bash
# crux demo and crux witness show: whole disputes, from many seeds, with lies in every op.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
cd "$work"

# judged ARGS...: a demo whose facts agree with one another.
judged() {
    run demo "$@" --json
    is "demo $*" "$code" 0
    is "demo $*: the facts" "$(json '[d["winner"], d["executor"]["finding"], d["finding"],
        [d["claimed"], d["lawful"]] == [d["lie"]["value"], d["lie"]["honest"]],
        [d["dispute"][k] for k in ("position", "layer", "op", "element")]
            == [d["lie"][k] for k in ("position", "layer", "op", "element")],
        d["dispute"]["trace_leaf"] // 4 == d["lie"]["position"] and d["dispute"]["trace_leaf"] % 4 == d["lie"]["layer"],
        d["lie"]["trace_root"] != d["executor"]["trace_root"],
        all(r["pick"] < r["revealed"] <= d["dispute"]["k"] for r in d["dispute"]["rounds"]),
        0 < d["witness_bytes"] <= 4096]')" \
        '["challenger", "consistent", "inconsistent", true, true, true, true, true, true]'
}

for seed in 0 1 2 3; do
    judged --seed "$seed"
done
for op in load store contract reduce map lut div sqrt rand find; do
    judged --fault "$op" --seed 3
    is "--fault $op" "$(json 'd["lie"]["name"]')" "$op"
done
judged --fault attn.score --seed 5
is 'a label' "$(json 'd["lie"]["label"]')" attn.score
for k in 2 64; do
    judged --k "$k"
    is "--k $k" "$(json 'd["dispute"]["k"]')" "$k"
done

# The same seed tells the same story, but for the clock.
run demo --seed 9
is 'a story' "$code" 0
is 'in about a dozen lines' "$(($(wc -l <.out) < 19))" 1
first=$(sed 's/[0-9.]* s\b//; s/[0-9]* us//' .out)
run demo --seed 9
is 'told twice' "$(sed 's/[0-9.]* s\b//; s/[0-9]* us//' .out)" "$first"
has 'the end' "$out" 'verdict    challenger'
is 'no escape in a file' "${out//$'\033'/}" "$out"
run demo --seed 9 --json
root=$(json 'd["executor"]["trace_root"]')
run demo --seed 10 --json
is 'another seed, another run' "$(json 'd["executor"]["trace_root"]' | grep -c "$root" || true)" 0

run demo --k 3
is 'k is a power of two' "$code" 2
run demo --fault contrac --json
is 'no such op' "$code $(json 'd["error"]')" '2 usage'
has 'no such op' "$(json 'd["message"]')" 'did you mean contract?'

# ---- the case it keeps ----

run demo --seed 4 --fault contract -o case --json
is 'a case is kept' "$code" 0
bytes=$(json 'd["witness_bytes"]') claimed=$(json 'd["claimed"]') lawful=$(json 'd["lawful"]')
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
run demo -o none/case
is 'nowhere to keep it' "$code" 1

done_testing
