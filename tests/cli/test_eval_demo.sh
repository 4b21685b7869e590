#!/usr/bin/env bash
# The quality that DESIGN promises, on the demo model and two genres of text. Minutes of work.
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
source=${CRUX_DEMO_MODEL:-${XDG_CACHE_HOME:-$HOME/.cache}/crux/models/SmolLM2-135M-Instruct.Q4_1.gguf}
if [[ ! -e $source ]]; then
    echo "skipped: no demo model at $source; ./dev model fetches it, or CRUX_DEMO_MODEL names it"
    exit 77
fi
# shellcheck source=tests/cli/lib.sh
. "$here/lib.sh"

run import "$source" -o "$work/demo.crux" --json
is 'import' "$code" 0
all=0
for text in prose technical; do
    run eval "$work/demo.crux" --text "$here/../data/text/$text.txt" --context 512 --against "$source" --greedy 128 --json
    is "eval of $text" "$code" 0
    printf '%s: %s\n' "$text" "$out"
    is "$text: ratio within 1 +- 0.0002" "$(json 'abs(d["ratio"] - 1) <= 0.0002')" true
    is "$text: KL at most 1e-4" "$(json 'd["kl"] <= 1e-4')" true
    is "$text: argmax agreement" "$(json 'd["argmax_agreement"] >= 0.995')" true
    is "$text: greedy texts part at near ties only" "$(json 'd["greedy"]["lead_max"] <= 0.02')" true
    all=$((all + $(json 'd["tokens"]')))
done
is 'at least 6,000 tokens' "$((all >= 6000))" 1
done_testing
