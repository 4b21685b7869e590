#!/usr/bin/env bash
# crux challenger, verify and watch: what they ask for, what they refuse, settings from flags, environment and file.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
files=$2

"$files/make_small_files" "$work"
run chain init "$work/chain" --scripted --json
id=$(json 'd["chain_id"]')
chain=local:$work/chain
base=(challenger --model "$work/a.crux" --chain "$chain" --data "$work/data" --once)

run challenger --json
is 'what is needed' "$code $(json 'd["error"]')" '2 usage'
has 'what is needed' "$(json 'd["message"]')" '--chain is needed'
run "${base[@]}" --json
is 'nothing there' "$code $(json '[d["claims"], d["found"], d["balance"]]')" '0 [0, 0, 0]'
run "${base[@]}"
is 'for people' "$code" 0
has 'for people' "$out" 'read to event 0; of 0 claims'
has 'its log is JSON where no terminal is' "$err" '"event":"model"'
run "${base[@]}" --mode fight --json
is 'no such mode' "$code $(json 'd["error"]')" '2 usage'
run "${base[@]}" --mode challenge --json
has 'whose bonds' "$(json 'd["message"]')" '--account is needed'
run "${base[@]}" --mode challenge --account someone --json
is 'the journal of another account' "$code $(json 'd["error"]')" '1 claim_mismatch'
run "${base[@]}" --executor nobody --json
has 'an executor without a URL' "$(json 'd["message"]')" 'ACCOUNT=URL'
run "${base[@]}" --executor nobody=https://example.org --json
has 'a URL that is none' "$(json 'd["message"]')" 'http://'
printf 'sesame\n' >"$work/bearer"
run "${base[@]}" --executor nobody=http://127.0.0.1:1 --bearer "nobody=$work/bearer" --json
is 'a key for private claims' "$code" 0
run "${base[@]}" --bearer "nobody=$work/bearer" --json
has 'a key for nobody' "$(json 'd["message"]')" 'no --executor'
run "${base[@]}" --share 1.5 --json
has 'a share beyond 1' "$(json 'd["message"]')" '--share'
run "${base[@]}" --chain-id "$id" --json
is 'the right chain' "$code" 0
run "${base[@]}" --chain-id "${id//[0-9]/a}" --json
is 'another chain' "$code $(json 'd["error"]')" '1 claim_mismatch'
run challenger --model "$work/a.crux" --chain evm:http://127.0.0.1 --data "$work/data" --json
is 'another kind of chain' "$code $(json 'd["error"]')" '2 usage'
head -c 70000 "$work/a.crux" >"$work/cut.crux"
run challenger --model "$work/cut.crux" --chain "$chain" --data "$work/data" --once --json
is 'half a model' "$code" 1
run "${base[@]}" --layers 1 --share 0.5
has 'what its policy is worth' "$err" 'of 50% of claims: a lie in one layer is found with probability'

# settings
cat >"$work/config.json" <<JSON
{
  "model": ["$work/a.crux"],
  "chain": "$chain",
  "mode": "watch",
  "risk": 5000,
  "once": true
}
JSON
run challenger --config "$work/config.json" --data "$work/data" --json
is 'a file' "$code" 0
sed -i 's/5000/"much"/' "$work/config.json"
run challenger --config "$work/config.json" --data "$work/data" --json
is 'a file that is wrong' "$code $(json 'd["error"]')" '1 syntax'
has 'where it is wrong' "$(json 'd["message"]')" "line 5: 'risk': takes a whole number"
run challenger --config "$work/config.json" --data "$work/data" --risk 7 --json
is 'a flag wins' "$code" 0
CRUX_CHALLENGER_RISK=x run challenger --config "$work/config.json" --data "$work/data" --json
has 'the environment is named' "$(json 'd["message"]')" 'CRUX_CHALLENGER_RISK'
CRUX_CHALLENGER_RISK=9 run challenger --config "$work/config.json" --data "$work/data" --json
is 'the environment wins over the file' "$code" 0
sed -i 's/risk/risky/' "$work/config.json"
run challenger --config "$work/config.json" --data "$work/data" --json
has 'no such setting' "$(json 'd["message"]')" "line 5: 'risky' is no setting"

# figures for Prometheus, and the end at SIGTERM
: >"$work/log" # it is read before what starts in the background has opened it
"$crux" challenger --model "$work/a.crux" --chain "$chain" --data "$work/data" --metrics-listen 127.0.0.1:0 \
    --poll 50 >"$work/figures" 2>"$work/log" </dev/null &
pid=$!
for _ in $(seq 1200); do
    port=$(sed -n 's/.*"event":"metrics","text":"port \([0-9]*\)".*/\1/p' "$work/log")
    [[ -z $port ]] || break
    sleep 0.05
done
figures=$(python3 -c 'import sys, urllib.request as u; print(u.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics", timeout=60).read().decode())' "$port")
has 'metrics' "$figures" 'crux_challenger_claims 0'
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
is 'it ends at SIGTERM' "$code" 0

run verify "$work/nothing" --json
is 'no receipt' "$code $(json 'd["error"]')" '1 io'
printf '{"version":1,"id":"00"}' >"$work/receipt"
run verify "$work/receipt" --json
is 'half a receipt' "$code $(json 'd["error"]')" '1 syntax'
has 'half a receipt' "$(json 'd["message"]')" 'id'
run verify "$work/receipt" --text hello --json
is 'a text without a model' "$code" 2

run verify "$work/receipt" --layers 3 --json
has 'layers of what?' "$code $(json 'd["message"]')" '2 --layers needs --model'
run verify "$work/receipt" --layers 3 --model "$work/a.crux" --json
has 'who serves them?' "$code $(json 'd["message"]')" '2 --layers needs --executor'
run verify "$work/receipt" --model "$work/a.crux" --executor http://127.0.0.1:1 --json
has 'nothing is fetched' "$code $(json 'd["message"]')" '2 --executor is for --layers'
run verify "$work/receipt" --layers 3 --model "$work/a.crux" --executor https://example.org --json
has 'no such URL' "$code $(json 'd["message"]')" "2 --executor 'https://example.org'"
run verify --help
has 'verify explains layers' "$out" '--layers 3 --executor http'

run watch --chain "$chain" --once --json
is 'watch' "$code $(json '[d["batch_count"], d["disputes"], d["whole"]]')" '0 [0, [], true]'
run watch --chain "$chain" --once
has 'watch for people' "$out" 'open disputes 0'
run watch --json
is 'watch what?' "$code" 2

done_testing
