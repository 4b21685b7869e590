#!/usr/bin/env bash
# The tiny model from its file to text: imported, run by every backend, compared with floats.
# Usage: test_tiny.sh CRUX TINY.gguf
source=$2
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=tests/cli/lib.sh
. "$here/../cli/lib.sh"
prose=$here/../data/text/prose.txt

run import "$source" -o "$work/tiny.crux" --weights int16 --json
is 'import' "$code" 0
run eval "$work/tiny.crux" --text "$prose" --context 128 --against "$source" --greedy 64 --json
is 'eval' "$code" 0
printf '%s\n' "$out"
is 'KL at 16 bits' "$(json 'd["kl"] <= 1e-5')" true
is 'perplexity ratio' "$(json 'abs(d["ratio"] - 1) <= 1e-3')" true
is 'it learned something: below the 512 of a guess' "$(json 'd["ppl"] < 400')" true
is 'greedy texts' "$(json 'd["greedy"]["texts"] >= 20')" true
is 'they part only at near ties' "$(json 'd["greedy"]["lead_max"] < 0.05')" true
run eval "$work/tiny.crux" --text "$prose" --greedy 64
is '--greedy needs --against' "$code" 2
run eval "$work/tiny.crux" --text "$prose" --against "$source" --greedy 256
is 'as many as there is room for' "$code" 2

run import "$source" -o "$work/tiny8.crux" --json
is 'import to 8 bits' "$code" 0
run eval "$work/tiny8.crux" --text "$prose" --context 128 --against "$work/tiny8.crux" --json
is 'KL to its own weights' "$(json 'd["kl"] <= 1e-4')" true

# The text and its trace, whoever computes it.
first=''
for backend in auto x86-amx x86-vnni x86-avx2 openblas reference; do
    run run "$work/tiny8.crux" --prompt 'The morning' --max-tokens 40 --backend "$backend" --json
    if [[ $code -ne 0 && $backend != auto && $backend != reference ]]; then
        printf '%s is not available here\n' "$backend"
        continue
    fi
    is "run by $backend" "$code" 0
    trace=$(json 'd["trace_root"]')
    is "trace root by $backend" "$trace" "${first:-$trace}"
    first=$trace
done

# Disputes about the engine's own runs.
for fault in random contract lut store attn.score; do
    run simulate --model "$work/tiny8.crux" --prompt 'The morning' --max-tokens 12 --fault "$fault" --json
    is "simulate with $fault" "$code" 0
    is "simulate with $fault: the lie is found" \
        "$(json '[d["winner"], d["element"]["finding"], d["element"]["claimed"] == d["lie"]["value"]]')" \
        '["challenger", "inconsistent", true]'
done
run simulate --prompt 'The morning'
is 'a prompt needs a model' "$code" 2
done_testing
