#!/usr/bin/env bash
# crux simulate: every fault loses, every sham dispute is lost, value is conserved, a seed plays the same game twice.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"
cd "$work"

# Nothing appears or goes away: balances, what is held, what was burned.
conserved='[sum(d[w][k] for k in ("executor", "challenger", "bystander", "bonds", "stakes", "burned"))
    for w in ("before", "after")]'
keys='[k for k in ("winner", "transactions", "rounds", "bytes", "witness_bytes", "gas_estimate",
    "seconds_executor", "seconds_challenger", "final") if k not in d]'

# The table: every kind of op and of fault, served, withheld, and a sham against each.
for how in '--k 3' ''; do
    ! sanitized || [[ -z $how ]] || continue
    # shellcheck disable=SC2086  # a list of words
    run simulate --fault each --seed 5 $how --json
    is "each fault $how" "$code $(json '[d["honest_losses"], d["planted"] >= 23, d["transactions_served_max"] <= 8,
        d["witness_bytes_max"] <= 4096]')" '0 [0, true, true, true]'
    is "each fault $how: every game" "$(json '[f["fault"] for f in d["faults"] if f["planted"] and not
        all(f[g]["honest_won"] and f[g]["transactions"] >= 2 for g in ("served", "withheld", "sham"))]')" '[]'
    is "each fault $how: an element" "$(json '[f["fault"] for f in d["faults"][:10] if f["planted"] and not
        (f["served"]["witness_bytes"] == f["withheld"]["witness_bytes"] > 0
         and f["withheld"]["transactions"] > f["served"]["transactions"] == 4)]')" '[]'
done
if ! sanitized; then
    run simulate --fault each-op --seed 5 --json
    is 'each op' "$code $(json '[d["honest_losses"], d["planted"] >= 150]')" '0 [0, true]'
    run simulate --fault each --seed 5
    has 'a table' "$out" 'the honest side won each'
fi

# A false element: what is proven is the lie itself.
# judged ARGS...: a simulation whose facts agree with one another.
judged() {
    run simulate "$@" --json
    is "$*" "$code" 0
    is "$*: the facts" "$(json '[d["winner"], d["honest_won"], d["element"]["finding"],
        [d["element"][k] for k in ("claimed", "lawful")] == [d["lie"][k] for k in ("value", "honest")],
        [d["element"][k] for k in ("position", "layer", "op", "index")]
            == [d["lie"][k] for k in ("position", "layer", "op", "element")],
        0 < d["witness_bytes"] <= 4096]')" '["challenger", true, "inconsistent", true, true, true]'
}
for op in load store contract reduce map lut div sqrt find; do
    judged --fault "$op" --seed 3
    is "--fault $op" "$(json 'd["lie"]["name"]')" "$op"
done
judged --fault attn.score --seed 5
is 'a label' "$(json 'd["lie"]["label"]')" attn.score
for k in 2 64; do judged --fault contract --seed 1 --withhold --k "$k"; done
run simulate --fault contract --seed 9 --json
root=$(json 'd["claim"]["trace_root"]')
run simulate --fault contract --seed 10 --json
is 'another seed, another run' "$(json 'd["claim"]["trace_root"]' | grep -c "$root" || true)" 0

run simulate --fault none --json
is 'a true claim' "$code $(json '[d["winner"], d["final"], d["disputes"]]')" '0 ["executor", true, 0]'
is 'a true claim: keys' "$(json "$keys")" '[]'
for player in sham silent flood; do
    run simulate --fault none --player "$player" --seed 3 --json
    is "$player" "$code $(json '[d["winner"], d["final"], d["disputes"] > 0]')" '0 ["executor", true, true]'
    is "$player: value" "$(json "len(set($conserved))")" 1
    is "$player pays" "$(json 'd["after"]["challenger"] < d["before"]["challenger"] and d["after"]["executor"] > d["before"]["executor"]')" true
done
run simulate --fault contract --player mute --withhold --json
is 'an executor who says nothing' "$code $(json '[d["winner"], d["final"], d["transactions"]]')" '0 ["challenger", false, 2]'
run simulate --player hiding --fault none --json
is 'a claim that is never shown falls' "$code $(json '[d["winner"], d["fallen"], d["transactions"]]')" \
    '0 ["challenger", true, 2]'
is 'a claim that is never shown: value' "$(json "len(set($conserved))")" 1

# A chain that is slow, forgetful and fickle: the honest side wins while its clock holds, and the figure says when not.
bad='--delay 120 --drop 25 --repeat 20 --reorder 25 --reorg 4'
everything='[n for n in ("delayed", "dropped", "repeated", "reordered", "censored", "sent_again", "reorganisations", "undone",
    "repetitions") if sum(f["chain"][n] for f in d["faults"]) == 0]'
for who in executor challenger; do
    # shellcheck disable=SC2086  # a list of words
    run simulate --fault lut --withhold --runs 6 --seed 4 $bad --censor $who:9000 --json
    is "a bad chain, $who censored: lies lose" "$code $(json '[d["runs"], d["honest_losses"], d["clocks"]["holds"]]')" \
        '0 [6, 0, true]'
    is "a bad chain, $who censored: everything happens" "$(json "$everything")" '[]'
done
for player in sham silent flood hiding; do
    # shellcheck disable=SC2086
    run simulate --fault none --player "$player" --runs 3 $bad --censor executor:9000 --json
    is "a bad chain: $player" "$code $(json '[d["runs"], d["honest_losses"]]')" '0 [3, 0]'
done
# shellcheck disable=SC2086
run simulate --fault contract --seed 8 $bad --json
is 'a bad chain: value' "$code $(json "len(set($conserved))")" '0 1'
first=$(json '[d["chain"], [[m["time"], m["who"], m["move"], m["undone"]] for m in d["moves"]]]')
# shellcheck disable=SC2086
run simulate --fault contract --seed 8 $bad --json
is 'a bad chain: told twice' "$(json '[d["chain"], [[m["time"], m["who"], m["move"], m["undone"]] for m in d["moves"]]]')" "$first"
run simulate --fault lut --withhold --clock 7000 --window 30000 --censor challenger:9000 --json
is 'a clock too short' "$code $(json '[d["honest_won"], d["clocks"]["holds"], d["clocks"]["needed_seconds"] > d["clocks"]["clock_seconds"]]')" \
    '0 [false, false, true]'
run simulate --fault lut --withhold --clock 7000 --window 30000 --censor challenger:9000
has 'a clock too short: the figure' "$out" 'needs 9336 s here'

run simulate --fault contract --seed 2 --json
is 'a lie: value' "$code $(json "len(set($conserved))")" '0 1'
is 'a lie: keys' "$(json "$keys")" '[]'

# Told twice; the page holds the story, and nothing from elsewhere.
run simulate --fault lut --seed 9 --report a.html
is 'a story' "$code" 0
first=$(sed 's/[0-9.]* s\b//g' .out)
has 'the end' "$out" 'the claim has fallen'
run simulate --fault lut --seed 9 --report b.html
is 'told twice' "$(sed 's/[0-9.]* s\b//g' .out)" "$first"
is 'drawn twice' "$(cmp a.html b.html && echo same)" same
page=$(<a.html)
has 'a page' "$page" '<svg'
has 'a page: the verdict' "$page" 'challenger wins'
has 'a page: the arithmetic' "$page" 'finding: inconsistent'
is 'nothing from elsewhere' "$(grep -cE 'src=|href=|url\(|@import|<script' a.html || true)" 0
if command -v chromium >/dev/null; then
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$work/chromium" --dump-dom "file://$work/a.html" \
        >dom 2>/dev/null || true
    is 'a browser shows it' "$(grep -c 'id="verdict">challenger wins' dom)" 1
else
    echo 'no chromium here: the page is not looked at by a browser'
fi

# A chain's folder goes away with its simulation, however that ends; of what only looks like one, nothing does.
export TMPDIR=$work/folders
mkdir -p "$TMPDIR"
state_of() { # state_of PROCESS: prints its letter of /proc/PROCESS/stat; fails if it is gone
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    line=${line##*) }
    printf '%s' "${line%% *}"
}
begin() { # begin: a simulation that takes a while, stopped at a moment when it has a folder
    local tries state
    for ((tries = 0; tries < 10; tries++)); do # once more where one had ended before it was stopped
        # bash has what it starts in the background ignore SIGINT
        env --default-signal=INT "$crux" simulate --fault each-op --seed 5 >.killed 2>&1 </dev/null &
        running=$!
        while state=$(state_of "$running") && [[ $state != Z ]]; do
            sleep 0.02
            compgen -G "$TMPDIR/crux-simulate-$running-*" >folder || continue
            kill -STOP "$running" || continue
            # it stops behind what it is doing just now, which may be to remove the folder
            while state=$(state_of "$running") && [[ $state != [TZ] ]]; do sleep 0.01; done
            ! compgen -G "$TMPDIR/crux-simulate-$running-*" >folder || return 0
            kill -CONT "$running" || continue
        done
        wait "$running" || true
    done
}
end() { # end SIGNAL: of that simulation; sets code
    kill "-$1" "$running" || true
    kill -CONT "$running" 2>/dev/null || true
    code=0
    wait "$running" 2>/dev/null || code=$?
}
for signal in INT TERM HUP; do
    begin
    is "a folder before $signal" "$(wc -l <folder)" 1
    end "$signal"
    is "ended by $signal" "$code" "$((128 + $(kill -l "$signal")))"
    is "no folder after $signal" "$(find "$TMPDIR" -mindepth 1)" ''
done
begin
end KILL
left=$(<folder)
is 'killed' "$code $(test -d "$left" && echo left)" '137 left'
letters=${left##*-}
mkdir "$TMPDIR/crux-simulate-$$-$letters" "$TMPDIR/crux-simulate-0$running-$letters" \
    "$TMPDIR/crux-simulate-$running-$letters-more" "$TMPDIR/crux-simulate-$running" away
touch away/chain
ln -s "$PWD/away" "$TMPDIR/crux-simulate-$running-symbol"
before=$(find "$TMPDIR" away -not -path "$left" -not -path "$left/*" | sort)
run simulate --fault contract --seed 1
is 'the next one removes what is left' "$code $(test -e "$left" || echo gone)" '0 gone'
is 'and nothing else' "$(find "$TMPDIR" away | sort)" "$before"
unset TMPDIR

run simulate --fault contrac --json
is 'no such fault' "$code $(json 'd["error"]')" '2 usage'
has 'no such fault' "$(json 'd["message"]')" 'did you mean contract?'
run simulate --fault each --withhold
is 'a table has its own games' "$code" 2
run simulate --fault contract --player sham
is 'a sham disputes what is true' "$code" 2
run simulate --player nobody --fault none --json
is 'no such player' "$code $(json 'd["error"]')" '2 usage'
run simulate --censor nobody:5 --json
is 'no such side' "$code $(json 'd["error"]')" '2 usage'
run simulate --clock 60 --json
is 'a clock that no chain takes' "$code $(json 'd["error"]')" '1 rounds_exceed_clock'
run simulate --prompt 'The morning'
is 'a prompt needs a model' "$code" 2
run simulate --runs 3 --report c.html
is 'a page is of one simulation' "$code" 2
run simulate --report none/c.html
is 'nowhere to write' "$code" 1

done_testing
