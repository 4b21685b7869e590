#!/usr/bin/env bash
# crux chain: a file made, paid into, moved on, listed; refusals; several programs at once.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

file=$work/chain
run chain init "$file" --scripted --json
is 'init' "$code $(json 'd["scripted"]')" '0 true'
id=$(json 'd["chain_id"]')
is 'its name is 32 bytes' "${#id}" 64
run chain init "$file"
is 'once' "$code" 1
has 'once' "$err" 'File exists'
run chain init "$work/short" --clock 4000 --json
is 'clocks that hold no dispute' "$code $(json 'd["error"]')" '1 rounds_exceed_clock'
run chain init "$work/short" --window 60 --clock 20 --extension 0
is 'a window that holds no dispute' "$code" 1
has 'a window that holds no dispute' "$err" '--window 60 does not hold --inclusion 300, --demand 3600 and --clock 20, which take 3920'
run chain init "$work/short" --bond 100 --json
is 'a reward beyond half of the bond' "$code $(json 'd["error"] + ": " + d["message"]')" \
    '1 parameters_invalid: --reward 400000 is more than half of --bond 100'
run chain init "$work/short" --extension 20000
has 'an extension beyond the clock' "$err" '--extension 20000 is longer than --clock 14400'
run chain init "$work/short" --challenger-bond 0 --defence-cost 0
has 'no bond' "$err" '--challenger-bond is 0'
run chain init "$work/short" --running 65
is 'too many at once' "$code" 2
run chain init "$work/own" --bond 50 --reward 20 --running 2 --demand-fee 7 --json
run chain status "$work/own" --json
is 'parameters of its own' "$(json '[d["parameters"][p] for p in ("executor_bond", "reward", "running_max", "demand_fee", "k")]')" '[50, 20, 2, 7, 16]'

run chain status "$file" --json
is 'status' "$(json '[d["chain_id"], d["time"], d["events"], d["batches"], d["parameters"]["k"]]')" "[\"$id\", 0, 0, 0, 16]"
run chain status "$file"
has 'status for people' "$out" 'clock      0, scripted'

run chain deposit "$file" alice 3000000 --json
is 'deposit' "$code $(json 'd["balance"]')" '0 3000000'
alice=$(json 'd["account"]')
run chain deposit "$file" "$alice" 1
is 'the same account by its digits' "$out" "$alice now has 3000001"
run chain deposit "$file" Alice 1 --json
is 'no account' "$code $(json 'd["error"]')" '1 syntax'
run chain deposit "$file" alice 0 --json
is 'nothing' "$code $(json 'd["error"]')" '1 amount_invalid'
run chain deposit "$file" alice -1
is 'less than nothing' "$code" 2
run chain deposit "$file" alice 99999999999999999999
is 'more than there is' "$code" 2

run chain advance "$file" 100 --json
is 'advance' "$code $(json 'd["time"]')" '0 100'
run chain advance "$file" 2000000000000 --json
is 'beyond time' "$code $(json 'd["error"]')" '1 time_invalid'
run chain init "$work/real"
run chain advance "$work/real" 1 --json
is 'a real clock' "$code $(json 'd["error"]')" '1 unsupported'

# settle: kind 3, root, count, private, requester, bond (spec/70-game.md#moves)
settle() {
    python3 -c 'import sys; sys.stdout.buffer.write(bytes([3]) + bytes([int(sys.argv[1])]) * 32
        + (2).to_bytes(4, "little") + bytes(21) + int(sys.argv[2]).to_bytes(8, "little"))' "$1" "$2" >"$work/move"
}
settle 7 1000000
run chain move "$file" alice "$work/move" --json
is 'settle' "$code $(json '[d["move"], d["repeated"], d["batch"]]')" '0 ["settle", false, 0]'
run chain move "$file" alice "$work/move" --json
is 'again' "$code $(json 'd["repeated"]')" '0 true'
settle 8 1000000
run chain move "$file" alice "$work/move" --json
is 'without the money' "$code $(json 'd["error"]')" '1 balance_too_small'
run chain move "$file" alice "$file" --json
is 'no move' "$code $(json 'd["error"]')" '1 move_malformed'

run chain claims "$file" --json
is 'claims' "$(json '[(b["executor"], b["mode"], b["claims"], b["posted_at"]) for b in d["batches"]]')" "[[\"$alice\", \"batched\", 2, 100]]"
run chain claims "$file"
has 'claims for people' "$out" "$alice"
run chain show "$file" 0/1 --json
is 'show' "$(json '[d["state"], d["hash"], d["disputes"], d["dispute_count"]]')" '["not shown", null, [], 0]'
run chain show "$file" 0/2 --json
is 'no such member' "$code $(json 'd["error"]')" '1 claim_unknown'
run chain show "$file" 1 --json
is 'no such batch' "$code $(json 'd["error"]')" '1 claim_unknown'
run chain show "$file" alice --json
is 'an account' "$(json 'd["balance"]')" 1000001
run chain show "$file" 0/0/0
is 'neither' "$code" 2

run chain log "$file" --json
is 'log' "$(json '[(e["number"], e["kind"], e["time"]) for e in d["events"]]')" '[[1, "deposit", 0], [2, "deposit", 0], [3, "settle", 100]]'
hash=$(json 'd["events"][1]["hash"]')
run chain log "$file" --after 2 --hash "$hash" --json
is 'after a cursor' "$code $(json 'len(d["events"])')" '0 1'
run chain log "$file" --after 1 --hash "$hash" --json
is 'reorganised' "$code $(json 'd["error"]')" '1 not_found'
run chain log "$file" --after 9 --hash "$hash" --json
is 'beyond the end' "$code $(json 'd["error"]')" '1 not_found'
run chain log "$file"
has 'log for people' "$out" settle

pids=()
for i in 1 2 3 4; do
    for _ in 1 2 3 4 5; do "$crux" chain deposit "$file" "p$i" 10 || exit 1; done >/dev/null &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait "$pid" || fail 'several programs at once'
done
run chain status "$file" --json
is 'all of them arrived' "$(json '[d["events"], d["value"]["deposited"]]')" '[23, 3000201]'
run chain show "$file" p3 --json
is 'each of them' "$(json 'd["balance"]')" 50

run chain payee "$file" p4 cold --as cold --json
is 'a payee by somebody else' "$code $(json 'd["error"]')" '1 not_permitted'
run chain payee "$file" p4 cold
has 'a payee' "$out" "goes to $("$crux" chain show "$file" p4 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["payee"])')"
run chain withdraw "$file" p4 20 --json
is 'to the payee' "$code $(json '[d["paid"], d["balance"], d["withdrawn"]]')" '0 [20, 30, 20]'
run chain withdraw "$file" p4 5 --as cold --json
is 'by the payee' "$code $(json '[d["paid"], d["balance"], d["withdrawn"]]')" '0 [5, 25, 25]'
run chain withdraw "$file" p4 5 --as p2 --json
is 'by somebody else' "$code $(json 'd["error"]')" '1 not_permitted'
run chain show "$file" cold --json
is 'what came' "$(json '[d["balance"], d["payee"]]')" '[25, null]'
run chain payee "$file" p4 p2 --json
is 'another payee by the account' "$code $(json 'd["error"]')" '1 not_permitted'
run chain payee "$file" p4 none --as cold --json
is 'no payee' "$code $(json 'd["payee"]')" '0 None'
run chain payee "$file" p4 'not a name'
is 'a payee that is none' "$code" 1

run chain withdraw "$file" p3 20 --json
is 'withdraw' "$code $(json '[d["paid"], d["balance"], d["withdrawn"]]')" '0 [20, 30, 20]'
run chain withdraw "$file" p3 31 --json
is 'more than there is' "$code $(json 'd["error"]')" '1 balance_too_small'
run chain withdraw "$file" p3
has 'the rest' "$out" 'was paid 30, and has 0 left'
run chain withdraw "$file" p3 --json
is 'nothing left' "$code $(json 'd["error"]')" '1 balance_too_small'
run chain withdraw "$file" p3 0 --json
is 'nothing asked for' "$code $(json 'd["error"]')" '1 amount_invalid'
run chain withdraw "$file" p3 all
is 'no amount' "$code" 2

run chain disputes "$file" --json
is 'no disputes' "$code $(json 'd["disputes"]')" '0 []'
run chain disputes "$file" --stage nowhere
is 'no stage' "$code" 2
run chain disputes "$file" --claim zero
is 'no claim to filter by' "$code" 2
run chain disputes "$file" --account 'no name'
is 'no account to filter by' "$code" 1

run chain verify "$file" --json
is 'played again' "$code $(json '[d["events"], d["records"]]')" '0 [29, 9]'
python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))' "$file" "$work/forged"
python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DELETE FROM records WHERE tbl = 2 AND key = (SELECT key FROM records WHERE tbl = 2 LIMIT 1)")
db.commit()' "$work/forged"
run chain verify "$work/forged" --json
is 'a record is missing' "$code $(json 'd["error"]')" '1 non_canonical'

# A game of spec/vectors on a file: its bonds are lower than those of this chain, so they are written anew.
disputed=$work/disputed
"$crux" chain init "$disputed" --scripted >/dev/null
python3 - "$work" >"$work/moves" <<'END'
import json, re, sys
game = next(v for v in json.load(open("spec/vectors/game.json"))["vectors"] if v["name"] == "game_case_queue")
for number, row in enumerate(game["moves"]):
    move = bytearray.fromhex(re.sub(r"z(\d+)\.", lambda zeros: "00" * int(zeros[1]), row["move"]))
    if "error" in row or move[0] not in (1, 3, 4, 7):
        continue
    if move[0] == 3:
        move[-8:] = (1000000).to_bytes(8, "little")
    if move[0] == 7:
        move[49:57] = (10000000).to_bytes(8, "little")
    open(f"{sys.argv[1]}/move{number}", "wb").write(move)
    print(row["sender"], f"move{number}")
END
while read -r sender name; do
    "$crux" chain deposit "$disputed" "$sender" 5000000 >/dev/null
    "$crux" chain move "$disputed" "$sender" "$work/$name" >/dev/null || fail "a move of the game: $name"
done <"$work/moves"
challenger=$(tail -n 1 "$work/moves" | cut -d " " -f 1)
run chain disputes "$disputed" --json
is 'disputes' "$code $(json '[(x["number"], x["stage"], x["turn"], x["bond"]) for x in d["disputes"]]')" \
    '0 [[0, "prove", "executor", 20000], [1, "prove", "executor", 20000], [2, "prove", "executor", 20000], [3, "prove", "executor", 20000], [4, "queued", "nobody", 40000]]'
is 'of one claim, with a deadline' "$(json '[d["disputes"][0][key] for key in ("batch", "member", "deadline", "late")]')" '[0, 1, 14400, false]'
run chain disputes "$disputed" --stage queued --json
is 'at a stage' "$(json '[x["number"] for x in d["disputes"]]')" '[4]'
run chain disputes "$disputed" --claim 0/0 --json
is 'of a claim without any' "$(json 'd["disputes"]')" '[]'
run chain disputes "$disputed" --claim 0/1 --account "$challenger" --open --json
is 'of a challenger' "$(json 'len(d["disputes"])')" 5
run chain disputes "$disputed" --account alice --json
is 'of somebody else' "$(json 'd["disputes"]')" '[]'
"$crux" chain advance "$disputed" 14401 >/dev/null
run chain disputes "$disputed"
has 'late' "$out" '14400!'
python3 -c 'import sys; sys.stdout.buffer.write(bytes([15]) + (0).to_bytes(8, "little") + (1).to_bytes(4, "little") + (2).to_bytes(4, "little"))' >"$work/timeout"
"$crux" chain move "$disputed" anybody "$work/timeout" >/dev/null || fail 'a timeout'
run chain disputes "$disputed" --json
is 'the claim has fallen' "$(json '[(x["stage"], x["turn"], x["claim_fallen"]) for x in d["disputes"][1:3]]')" '[["prove", "nobody", true], ["won", "nobody", true]]'
run chain verify "$disputed"
is 'and all of it is what its events make' "$code" 0

run chain status "$work/nothing" --json
is 'no file' "$code $(json 'd["error"]')" '1 io'
run chain status "$work/move" --json
is 'no chain file' "$code $(json 'd["error"]')" '1 bad_magic'
done_testing
