#!/usr/bin/env bash
# crux eval over a small model: import, evaluate, compare with floats; refusals.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
cd "$work"
python3 "$here/tiny_gguf.py" tiny.gguf
head -c 600 "$here/../data/text/prose.txt" >text.txt
run import tiny.gguf -o tiny.crux --json
is 'import' "$code" 0

run eval tiny.crux --text text.txt --context 50 --against tiny.gguf --threads 2 --json
is 'eval' "$code" 0
is 'its keys' "$(json 'all(k in d for k in "tokens nll ppl ppl_float ratio kl argmax_agreement".split())')" true
is 'KL to floats is small' "$(json '0 < d["kl"] <= 1e-4')" true
is 'the ratio is near 1' "$(json 'abs(d["ratio"] - 1) <= 1e-3')" true
is 'the argmax is mostly the same' "$(json 'd["argmax_agreement"] >= 0.9')" true
is 'ppl is exp(nll)' "$(json 'abs(d["ppl"] - __import__("math").exp(d["nll"])) < 1e-9 * d["ppl"]')" true
whole=$(json '(d["tokens"], d["nll"])')

for backend in reference openblas x86-avx2 x86-avxvnni x86-vnni x86-amx; do
    run eval tiny.crux --text text.txt --context 50 --backend "$backend" --threads 1 --json
    [[ $code -eq 0 || $backend == reference ]] || continue
    is "$backend gives the same to the last digit" "$(json '(d["tokens"], d["nll"])')" "$whole"
    is 'nothing is said of floats without --against' "$(json '"kl" in d')" false
done

run eval tiny.crux --text text.txt --context 50 --tokens 11 --json
is 'no more than the first tokens' "$(json 'd["tokens"]')" 10
run eval tiny.crux --text text.txt --context 50 --against tiny.gguf
has 'for a person' "$out" 'KL to floats'

run eval tiny.crux --text text.txt --context 50 --against tiny.crux --json
is 'against its own weights' "$code $(json '0 < d["kl"] <= 1e-5')" '0 true'

run eval tiny.crux
is 'a text is needed' "$code" 2
run eval tiny.crux --text no-such-file --json
is 'no such text' "$code $(json 'd["error"]')" '1 io'
run eval no-such-model --text text.txt --json
is 'no such model' "$code" 1
run eval tiny.crux --text text.txt --context 129 --json
is 'a context that the model has not' "$code $(json 'd["error"]')" '2 usage'
run eval tiny.crux --text text.txt --against text.txt --json
is 'against what is no source' "$code $(json 'd["error"]')" '1 bad_magic'
printf x >one.txt
run eval tiny.crux --text one.txt --json
is 'one token is not enough' "$code $(json 'd["error"]')" '2 usage'
printf 'ab\377cd' >broken.txt
run eval tiny.crux --text broken.txt --json
is 'a text that is not UTF-8' "$code $(json 'd["error"]')" '1 syntax'

done_testing
