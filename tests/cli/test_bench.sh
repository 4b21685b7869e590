#!/usr/bin/env bash
# crux bench --only over a small model: what it measures is what was asked for; refusals.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
cd "$work"
python3 "$here/tiny_gguf.py" tiny.gguf
run import tiny.gguf -o tiny.crux --json
is 'import' "$code" 0
root=$(json 'd["model_root"]')

for only in prefill decode; do
    run bench tiny.crux --only "$only" --tokens 8 --depth 70 --threads 2 --warmup 8 --repeat 2 --json
    is "$only" "$code" 0
    is 'what was asked for' "$(json '[d[k] for k in "only tokens depth threads model_root".split()]')" \
        "[\"$only\", 8, 70, 2, \"$root\"]"
    is 'a rate within the time of the run' \
        "$(json '0 < 2 * 8 / d["tokens_per_second"] <= 1.1 * d["run_seconds"]')" true
    # of the time of steps, beside which lies that of the trace: no bound where a machine is busy and a run is so short
    is 'a share' "$(json 'd["commit_share"] > 0')" true
done
run bench tiny.crux --only decode --tokens 1 --warmup 0 --threads 1 --repeat 1
is 'for a person' "$code" 0
has 'the rate is said' "$out" tokens/s

run bench tiny.crux --only decode --tokens 64 --depth 64 --json # and the one that prefill chose
is 'no room in the context' "$code $(json 'd["error"]')" '1 step_outside'
run bench tiny.crux --only decode --tokens 63 --depth 64 --warmup 8 --repeat 1 --json
is 'just room in the context' "$code" 0
run bench tiny.crux --only decode --tokens 1 --warmup 129
is 'no room to warm up' "$code" 1
run bench tiny.crux --only tea
is 'no such figure' "$code" 2

run bench tiny.crux --only verify --tokens 9 --depth 20 --threads 2 --repeat 1 --json
is 'verify' "$code" 0
is 'what was asked for to verify' \
    "$(json '[d[k] for k in "only tokens depth threads model_root".split()]')" \
    "[\"verify\", 9, 20, 2, \"$root\"]"
is 'as many claims as said, each as long' \
    "$(json 'all(d[k] > 0 for k in "chosen_seconds verify_seconds verify_ratio verify_16_seconds verify_16_ratio".split())')" true
# positions of one layer before it, and every leaf; the last layer reads positions from P-1 on
is 'an auditor is served what it asks for' \
    "$(json 'd["audit_layers"] == [1] and d["audit"]["served_bytes"] > d["audit_head"]["served_bytes"] > 32 * 28 * d["program_layers"]')" true
is 'a verifier is served nothing' "$(json 'd["verification"]["served_bytes"]')" 0
is 'memory of each' "$(json 'all(d[k]["peak_bytes"] > 1 << 20 for k in ("verification", "audit", "audit_head"))')" true
run bench tiny.crux --only verify --tokens 3 --depth 1 --threads 1 --repeat 2 --layers 64
is 'verify, for a person' "$code" 0
has 'how much faster' "$out" 'times as fast'
run bench tiny.crux --only verify --tokens 66 --depth 64 --repeat 1 --json
is 'no room to verify' "$code $(json 'd["error"]')" '1 step_outside'
run bench tiny.crux --only verify --depth 0
is 'no request' "$code" 2
done_testing
