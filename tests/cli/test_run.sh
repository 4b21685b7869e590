#!/usr/bin/env bash
# crux run and crux bench on the demo model: one trace root over backends, threads and the forms of a prompt.
# Skipped where the demo model is missing.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

run run "$work/none.crux" --prompt x
is 'a model that is not there' "$code" 1
run run "$work/none.crux" --prompt x --speculate maybe --json
is 'no way to speculate' "$(json 'd["error"]')" usage

source=${CRUX_DEMO_MODEL:-}
for found in "${XDG_CACHE_HOME:-$HOME/.cache}"/crux/models/*.gguf; do
    [[ -n $source || ! -f $found ]] || source=$found
done
if [[ ! -f $source ]]; then
    done_testing
    echo 'skipped: no demo model; set CRUX_DEMO_MODEL or run ./dev model'
    exit 77
fi

model=$work/demo.crux
run import "$source" -o "$model" --context 512 --json
is 'import' "$code" 0

prompt='The capital of France is'
run run "$model" --prompt "$prompt" --max-tokens 6 --json
is 'run' "$code" 0
root=$(json 'd["trace_root"]')
ids=$(json '",".join(map(str, d["prompt_tokens"]))')
has 'it knows' "$(json 'd["text"]')" Paris
ways=('--backend reference' '--backend auto --threads 1' '--threads 3' '--threads 2 --pin cores')
! sanitized || ways=('--threads 2 --pin cores')
for way in "${ways[@]}"; do
    read -ra words <<<"$way"
    run run "$model" --prompt "$prompt" --max-tokens 6 --json "${words[@]}"
    is "the same root with $way" "$(json 'd["trace_root"]')" "$root"
done
run run "$model" --tokens "$ids" --max-tokens 6 --json
is 'the same root from ids' "$(json 'd["trace_root"]')" "$root"
run run "$model" --prompt "$prompt" --max-tokens 6
has 'the root is said' "$out" "trace root $root"
has 'the text streams' "$out" Paris
run run "$model" --prompt "$prompt" --max-tokens 6 --no-commit --json
is 'no root without commitment' "$code $(json '"trace_root" in d')" '0 false'

drawn=(--temperature 0.9 --top-p 0.95 --top-k 40 --min-p 0.02 --repeat-penalty 1.1 --max-tokens 12)
run run "$model" --prompt "$prompt" "${drawn[@]}" --seed 7 --json
one=$(json 'd["text"]') root=$(json 'd["trace_root"]')
run run "$model" --prompt "$prompt" "${drawn[@]}" --seed 7 --threads 1 --json
is 'one seed, one text' "$(json 'd["text"]')" "$one"
is 'one seed, one root' "$(json 'd["trace_root"]')" "$root"
if ! sanitized; then
    run run "$model" --prompt "$prompt" "${drawn[@]}" --seed 8 --json
    is 'another seed, another root' "$(json "d['trace_root'] != '$root'")" true
fi

run run "$model" --chat --prompt 'Say hello.' --max-tokens 8 --json
is 'chat' "$code" 0
run run "$model" --prompt "$prompt" --temperature warm
is 'a temperature that is none' "$code" 2
run run "$model"
is 'no prompt' "$code" 2
run run "$model" --tokens 1,2, --json
is 'ids that are none' "$code" 2
run run "$model" --tokens 99999999
is 'an id beyond the vocabulary' "$code" 2
run run "$model" --prompt x --backend fastest
is 'no such backend' "$code" 1

if ! sanitized; then # cli_bench runs it over a small model, sanitized or not
    run bench "$model" --threads 1 --repeat 1 --json
    is 'bench' "$(json 'sorted(d["threads"]) == ["1"] and d["threads"]["1"]["decode_128"] > 0')" true
    is 'shares and costs' "$(json 'all(d["threads"]["1"]["commit_" + k] < 1 for k in "share share_prefill share_decode cost_prefill cost_decode".split())')" true
    is 'load and memory' "$(json 'd["load_seconds"] > 0 and 0 < d["load_bytes"] <= d["peak_bytes"] and d["file_bytes"] > 0')" true
fi
run run "$model" --prompt x --pin 4000 --json
is 'no such processor' "$code $(json 'd["error"]')" '2 usage'
done_testing
