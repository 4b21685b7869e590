#!/usr/bin/env bash
# Generated models are the same each time, and are models: imported, tokenized and run.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/../cli/lib.sh"
make_model=${2:?the generator}

for type in Q8_0 F16; do
    file=$work/$type.gguf
    "$make_model" --shape tiny --type "$type" "$file"
    "$make_model" --shape tiny --type "$type" "$file.again"
    is "$type is the same again" "$(cmp "$file" "$file.again" && echo same)" same
    run import "$file" -o "$work/$type.crux" --json
    is "import $type" "$code $(json 'd["arch"], d["context"]')" "0 ('llama', 64)"
    is 'its matrices' "$(json '[m["type"] for m in d["matrices"]]')" "[\"$type\"]"
    run tokenize "$work/$type.crux" --text 'ab c' --json
    is 'letters are merged in pairs, the first two first' "$(json 'len(d["ids"]) <= 4')" true
    run run "$work/$type.crux" --prompt 'some words' --max-tokens 4 --json
    is 'run' "$code" 0
    is 'nothing saturates' "$(json 'd["saturated"]')" 0
done
code=0
"$make_model" --shape huge "$work/x" 2>/dev/null || code=$?
is 'no such shape' "$code" 1
done_testing
