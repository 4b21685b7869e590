#!/usr/bin/env bash
# crux import, crux model info, list, verify, over a small GGUF file.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

source=$PWD/tests/fuzz/corpus/gguf/llama
cd "$work"

run import "$source" -o m.crux --json
is 'import' "$code" 0
is 'no progress where there is no terminal' "$err" ''
for key in model_root seconds witness_bytes_max overflow_margin_bits import_error; do
    is "import has $key" "$(json "'$key' in d")" true
done
root=$(json 'd["model_root"]')
is 'a root' "${#root}" 64
is 'one file' "$(ls)" m.crux

run model info m.crux --json
is 'info' "$code" 0
is 'info root' "$(json 'd["model_root"]')" "$root"
is 'info arch' "$(json 'd["arch"]')" llama
is 'info layers' "$(json 'd["layers"]')" 2
is 'info context' "$(json 'd["context"]')" 8
is 'info op set' "$(json 'd["op_set"]')" 1
run model info m.crux
has 'info for people' "$out" "$root"

run model list --json
is 'list' "$(json 'd["models"][0]["model_root"]')" "$root"
run model verify m.crux --json
is 'verify' "$code $(json 'd["ok"]')" '0 true'
run model verify m.crux --source "$source"
is 'verify with its source' "$code" 0
is 'verify leaves nothing' "$(ls)" m.crux

run import "$source" -o short.crux --context 4 --json
is 'context' "$(json 'd["context"]')" 4
is 'another context, another root' "$([[ $(json 'd["model_root"]') != "$root" ]] && echo other)" other
run model verify short.crux --source "$source"
is 'verify knows the options' "$code" 0
run model verify m.crux --source "${source%llama}qwen3"
is 'another source' "$code" 1
has 'another source is named' "$err" 'another model root'

# ---- what is refused ----

cp m.crux bad.crux
printf 'x' | dd of=bad.crux bs=1 seek=9000 conv=notrunc status=none
run model info bad.crux
is 'a damaged weight opens' "$code" 0
run model verify bad.crux --json
is 'and is found' "$code" 1
printf 'x' | dd of=bad.crux bs=1 seek=30 conv=notrunc status=none
run model info bad.crux --json
is 'a damaged header' "$code $(json 'd["error"]')" '1 checksum_mismatch'
rm bad.crux short.crux

run import "$source" -o n.crux --weights int3
is 'weights are checked' "$code" 2
run import "$source"
is 'an output is needed' "$code" 2
run import m.crux -o n.crux --json
is 'no GGUF' "$code $(json 'd["error"]')" '1 bad_magic'
run import nowhere -o n.crux --json
is 'no file' "$code $(json 'd["error"]')" '1 io'
run import "$source" -o nowhere/n.crux --json
is 'no folder' "$code $(json 'd["error"]')" '1 io'
is 'nothing was written' "$(ls)" m.crux

done_testing
