#!/usr/bin/env bash
# crux program show, check, assemble: round trips, and every refusal by its name and with its place.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

data=$PWD/tests/data/programs
spec=$PWD/spec/22-text.md
cd "$work"

# refused NAME ARGS...: exit 1, nothing on standard output, the name in the message; the same in JSON.
refused() {
    local name=$1
    shift
    run "$@"
    is "$* fails" "$code" 1
    is "$* prints nothing" "$out" ''
    has "$* names its error" "$err" "$name: "
    run "$@" --json
    is "$* --json" "$code $(json 'd["error"]')" "1 $name"
    has "$* --json has a message" "$(json 'd["message"]')" "$name: "
}

# ---- what is accepted ----

run program assemble "$data/good.crux.txt" -o good.crux
is 'assemble' "$code" 0
has 'assemble says what it wrote' "$out" "good.crux: $(wc -c <good.crux) bytes, 2 layers, 9 ops, 1 tensors"
run program show good.crux
is 'show' "$code" 0
printf '%s\n' "$out" >again.txt
run program assemble again.txt --output again.crux --json
is 'assemble what show wrote' "$code $(json 'd["bytes"]')" "0 $(wc -c <good.crux)"
is 'the same bytes again' "$(cmp good.crux again.crux && echo same)" same
run program show again.txt
is 'show of text is its own form' "$out" "$(<again.txt)"
run program show good.crux --json
is 'show in JSON' "$(json 'd["text"]')" "$(<again.txt)"

code=0
out=$("$crux" program show - <good.crux) || code=$?
is 'standard input' "$code $out" "0 $(<again.txt)"

run program check good.crux
is 'check' "$code" 0
has 'check says both' "$out" 'structure ok'
has 'check says both' "$out" 'certificate ok'
run program check "$data/good.crux.txt" --json
is 'check in JSON' "$(json '[d["ok"], d["layers"], d["ops"], d["tensors"], d["context"]]')" '[true, 2, 9, 1, 4096]'
is 'no table unless asked for' "$(json '"table" in d')" false
most=$(json 'd["witness_bytes_max"]')
is 'the worst op is the worst' "$(json 'd["worst"]["witness_bytes"]["value"]')" "$most"
run program check good.crux --table --json
is 'one line an op' "$(json 'len(d["table"])')" 9
is 'the greatest of the table' "$(json 'max(op["witness_bytes"] for op in d["table"])')" "$most"
is 'the least margin' "$(json 'min(op["margin_bits"] for op in d["table"]) == d["overflow_margin_bits"]')" true
run program check good.crux --table
has 'the table names ops' "$out" 'CONTRACT'

run program check good.crux --limit-witness "$most"
is 'a limit that is just met' "$code" 0
refused witness_too_large program check good.crux --limit-witness $((most - 1))
is 'the refusal says where' "$(json '[d["layer"], d["op"], d["label"]]')" '[0, 3, "rows"]'
run program check good.crux --limit-work 64
is 'a limit of work that is just met' "$code" 0
refused work_too_large program check good.crux --limit-work 63
run program check good.crux --limit-witness 0
is 'a limit outside its range' "$code" 2

# ---- what is refused ----

refused overflow program check "$data/overflow.crux.txt"
is 'overflow: where' "$(json '[d["layer"], d["op"], d["label"]]')" '[0, 2, "square"]'
has 'overflow: bound and value' "$(json 'd["what"]')" 'sum of products can reach 64000000000000000000, bound is below 2^63'
refused witness_unbounded program check "$data/unbounded_witness.crux.txt"
is 'unbounded witness: where' "$(json '[d["layer"], d["op"], d["label"]]')" '[0, 4, "best"]'
has 'unbounded witness: bound and value' "$(json 'd["what"]')" '2049 multiply-adds at position 2048, limit is 2048'
refused index_outside program check "$data/index_outside.crux.txt"
is 'index outside: where' "$(json '[d["layer"], d["op"], d["label"]]')" '[0, 1, "row"]'
has 'index outside: bound and value' "$(json 'd["what"]')" 'index reaches 64 at position 0, dimension is 64'
{ cat good.crux; printf '\0'; } >trailing.crux
refused trailing_bytes program check trailing.crux
has 'trailing bytes: which file' "$(json 'd["message"]')" 'trailing.crux: trailing_bytes: '

# The other side of the same: a certificate is not asked for when a program is only shown or written.
run program assemble "$data/overflow.crux.txt" -o overflow.crux
is 'a sound program without certificate can be written' "$code" 0
refused overflow program check overflow.crux

size=$(wc -c <good.crux)
head -c $((size - 1)) good.crux >short.crux
refused truncated program check short.crux
head -c $((size - 32)) good.crux >changed.crux
head -c 32 /dev/zero >>changed.crux
refused checksum_mismatch program check changed.crux
printf '\1\2\3' >binary
refused bad_magic program check binary
: >empty
refused syntax program check empty
run program check nothing.crux
has 'a file that is not there' "$err" "cannot open 'nothing.crux': No such file or directory"
run program check . --json
is 'a folder' "$code $(json 'd["error"]')" '1 io'
has 'a folder' "$(json 'd["message"]')" "cannot read '.': Is a directory"
sed 's/token(time pos)/tokne(time pos)/' "$data/good.crux.txt" >typo.txt
refused syntax program check typo.txt
is 'line and column' "$(json '[d["line"], d["column"]]')" '[7, 40]'

# ---- examples ----

run program example toy --text -o toy.txt
is 'the toy' "$code" 0
sed -n '/^## Example/,$ s/^    //p' "$spec" | diff - <(grep . toy.txt) >diff.txt || true
is 'the toy is the example of the spec' "$(<diff.txt)" ''
run program check toy.txt --json
is 'the toy has a certificate' "$code" 0
for shape in tiny smollm2-135m mixtral-8x7b llama-3-8b; do
    run program example decoder --shape "$shape" -o decoder.crux
    is "$shape" "$code" 0
    run program check decoder.crux --json
    is "$shape has a certificate" "$code $(json '0 < d["witness_bytes_max"] <= 4096')" '0 true'
done
run program example decoder --shape llama-3-8b --context 32768 -o decoder.crux
run program check decoder.crux --json
is 'at 32k positions too' "$code $(json '[d["context"], d["witness_bytes_max"] <= 4096]')" '0 [32768, true]'
run program example decoder -o decoder.crux --json
is 'an example in JSON' "$(json 'd["bytes"]')" "$(wc -c <decoder.crux)"
run program example decoder --shape large -o no
has 'no such shape' "$code $err" '2 crux program example: --shape takes tiny'
run program example game -o no
has 'no such example' "$code $err" '2 crux program example: the examples are toy and decoder'
run program example toy --context 7 -o no
is 'the toy has one shape' "$code" 2
run program example toy
is 'nowhere to write it' "$code" 2

# ---- writing: all or nothing ----

mkdir folder
cp good.crux folder/kept.crux
run program assemble typo.txt -o folder/kept.crux
is 'a failure' "$code" 1
run program assemble typo.txt -o folder/new.crux
is 'leaves no file' "$(ls -A folder)" kept.crux
is 'leaves the old one' "$(cmp good.crux folder/kept.crux && echo same)" same
run program assemble good.crux -o folder/none/new.crux
is 'a folder that is not there' "$code" 1
has 'a folder that is not there' "$err" 'No such file or directory'
run program assemble good.crux -o folder
is 'a folder in its place' "$code" 1
# A file system that fills up while writing is played by a limit on the size of files.
code=0
(trap '' XFSZ; ulimit -f 1; exec "$crux" program assemble good.crux -o folder/new.crux) >.out 2>.err || code=$?
is 'a write that fails' "$code" 1
has 'a write that fails' "$(<.err)" "cannot write 'folder/new.crux': File too large"
is 'leaves nothing' "$(ls -A folder)" kept.crux

run program assemble good.crux
is 'no output named' "$code" 2
has 'no output named' "$err" '--output'
run program show
is 'no file named' "$code" 2
run program shwo x
has 'a wrong command of a group' "$err" "did you mean 'program show'?"
run program
is 'a group alone' "$code" 2
run program --help
is 'help of a group' "$code" 0
has 'help of a group' "$out" 'program assemble'

done_testing
