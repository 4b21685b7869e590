#!/usr/bin/env bash
# crux chain serve: what is read over HTTP is what the file holds; moves only where they are allowed, and not from pages.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

file=$work/chain
"$crux" chain init "$file" --scripted >/dev/null
for i in 1 2 3; do "$crux" chain deposit "$file" alice "$((i * 1000000))" >/dev/null; done
settle() {
    python3 -c 'import sys; print((bytes([3]) + bytes([int(sys.argv[1])]) * 32 + (2).to_bytes(4, "little") + bytes(21)
        + int(sys.argv[2]).to_bytes(8, "little")).hex())' "$1" "$2"
}

servers=()
serve() {
    : >"$work/serving" # what the last one said is not what this one says
    "$crux" chain serve "$file" --listen 127.0.0.1:0 --json "$@" >"$work/serving" &
    servers+=($!)
    for _ in $(seq 600); do
        [[ $(<"$work/serving") != *'}'* ]] || break
        sleep 0.1
    done
    port=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["port"])' "$work/serving")
}
clean() {
    local pid
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean EXIT

# ask METHOD PATH [BODY [HEADER: VALUE]...]: sets code (the status), and the body for json
ask() {
    local body=${3:-}
    code=$(python3 -c '
import http.client, sys
out, port, method, path, body, *fields = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
headers = {"Content-Type": "application/json"} | dict(field.split(": ") for field in fields)
connection.request(method, path, body=body or None, headers=headers)
answer = connection.getresponse()
open(out, "wb").write(answer.read())
print(answer.status)' "$work/.out" "$port" "$1" "$2" "$body" "${@:4}")
    out=$(<"$work/.out")
}

serve
ask GET /v1/status
is 'status' "$code $(json '[d["events"], d["value"]["balances"], d["parameters"]["k"]]')" '200 [3, 6000000, 16]'
over=$out
run chain status "$file" --json
is 'the same as of the file' "$(python3 -c 'import json,sys; print(json.loads(sys.argv[1]) == json.loads(sys.argv[2]))' "$over" "$out")" True
ask GET /v1/accounts/alice
is 'an account' "$code $(json 'd["balance"]')" '200 6000000'
ask GET /v1/accounts/Alice
is 'no account' "$code $(json 'd["error"]')" '400 syntax'
ask GET '/v1/events?count=2'
is 'events' "$code $(json '[[e["number"] for e in d["events"]], d["after"]]')" '200 [[1, 2], 2]'
hash=$(json 'd["hash"]')
ask GET "/v1/events?after=2&hash=$hash"
is 'events after a cursor' "$code $(json '[e["number"] for e in d["events"]]')" '200 [3]'
ask GET "/v1/events?after=1&hash=$hash"
is 'a cursor that does not hold' "$code $(json 'd["error"]')" '409 not_found'
ask GET '/v1/events?after=1'
is 'half a cursor' "$code" 400
ask GET '/v1/events?after=1&hash=zz'
is 'no hash' "$code" 400
ask GET '/v1/events?count=1001'
is 'too many' "$code" 400
ask GET '/v1/events?count=-1'
is 'fewer than none' "$code" 400
ask GET /v1/batches
is 'no batches' "$code $(json 'd["batches"]')" '200 []'
ask GET /v1/disputes
is 'no disputes' "$code $(json '[d["disputes"], d["next"]]')" '200 [[], null]'
ask GET '/v1/disputes?stage=nowhere'
is 'no stage' "$code" 400
ask GET /v1/claims/0/0
is 'no claim' "$code $(json 'd["error"]')" '404 claim_unknown'
ask GET /v1/claims/x/0
is 'no number of a claim' "$code" 400
ask GET /v2
is 'nothing there' "$code $(json 'd["error"]')" '404 not_found'
ask POST /v1/status '{}'
is 'another method' "$code $(json 'd["error"]')" '405 method_not_allowed'
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 7 1000000)\"}"
is 'no moves' "$code $(json 'd["error"]')" '403 not_permitted'
kill "${servers[0]}"
wait "${servers[0]}"
is 'ends when it is told' $? 0

serve --allow-moves
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 7 1000000)\"}"
is 'a move' "$code $(json '[d["move"], d["repeated"], d["batch"]]')" '200 ["settle", false, 0]'
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 7 1000000)\"}"
is 'again' "$code $(json 'd["repeated"]')" '200 true'
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 8 9000000)\"}"
is 'refused by the game' "$code $(json 'd["error"]')" '422 balance_too_small'
ask POST /v1/moves '{"sender": "alice", "move": "0"}'
is 'half a byte' "$code" 400
ask POST /v1/moves '{"sender": "alice", "move": "zz"}'
is 'no bytes' "$code" 400
ask POST /v1/moves '{"sender": "alice"}'
is 'no move' "$code $(json 'd["error"]')" '400 syntax'
ask POST /v1/moves '{"sender": "alice", "move": "00", "more": 1}'
is 'more than asked' "$code" 400
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 9 1000000)\"}" 'Content-Type: text/plain'
is 'as a page would' "$code $(json 'd["error"]')" '403 not_permitted'
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 9 1000000)\"}" 'Host: chain.example:80'
is 'under another name' "$code $(json 'd["error"]')" '403 not_permitted'
ask POST /v1/moves "{\"sender\": \"alice\", \"move\": \"$(settle 9 1000000)\"}" 'Host: 127.chain.example:80'
is 'under a name that begins like a number' "$code $(json 'd["error"]')" '403 not_permitted'
ask GET '/v1/batches?from=0&count=1'
is 'batches' "$code $(json '[b["claims"] for b in d["batches"]]')" '200 [2]'
ask GET /v1/claims/0/1
is 'a claim' "$code $(json '[d["state"], d["disputes"]]')" '200 ["not shown", []]'
"$crux" chain deposit "$file" alice 5 >/dev/null
ask GET /v1/accounts/alice
is 'others move meanwhile' "$(json 'd["balance"]')" 4000005
kill "${servers[1]}"
wait "${servers[1]}"

run chain serve "$file" --listen 0.0.0.0:0 --json
is 'not for everybody' "$code $(json 'd["error"]')" '2 usage'
run chain serve "$file" --listen nowhere --json
is 'no address' "$code" 2
run chain serve "$work/none" --json
is 'no file' "$code $(json 'd["error"]')" '1 io'
done_testing
