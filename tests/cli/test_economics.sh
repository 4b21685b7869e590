#!/usr/bin/env bash
# crux economics: the worked example of spec/75, figures measured in games within sampling error, refusals.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# The example of the page is what the program prints.
python3 - "$work" <<'END'
import pathlib, sys
lines = pathlib.Path("spec/75-economics.md").read_text().split("## Example")[1].splitlines()
start = next(i for i, line in enumerate(lines) if line.startswith("    $ crux "))
end = next(i for i in range(start, len(lines)) if lines[i] and not lines[i].startswith("    "))
pathlib.Path(sys.argv[1], "command").write_text(lines[start][len("    $ crux "):] + "\n")
pathlib.Path(sys.argv[1], "want").write_text("\n".join(line[4:] for line in lines[start + 1:end]).rstrip())
END
read -ra words <"$work/command"
run "${words[@]}"
is 'the example of the page' "$code $out" "0 $(<"$work/want")"

# Each kind of game bears out its formulas: within 4 standard errors, exact where a game fixes the figure, no bound broken.
borne_out() {
    run economics "$@" --json
    is "played: $*" "$code $(json 'd["games"]')" "0 $games"
    is "within sampling error: $*" "$(json '[f["figure"] for f in d["figures"] if f.get("sigmas") is not None and abs(f["sigmas"]) >= 4]')" '[]'
    is "no game off: $*" "$(json 'sum(f.get("off", 0) for f in d["figures"])')" 0
}
games=2000
borne_out --simulate 2000
is 'what is measured' "$(json '[f["figure"] for f in d["figures"] if f.get("samples", 0) == 0 and f["kind"] != "formula"]')" '[]'
is 'compared, but for one with too few to say' "$(json '[f["figure"] for f in d["figures"] if f["kind"] in ("mean", "each") and f["sigmas"] is None]')" '["found_of_100"]'
if ! sanitized; then
    borne_out --simulate 2000 --seed 2 --audited 0.4 --sampled 5 --copied 0.4 --prize 700 --fee 0
    games=1000
    borne_out --simulate 1000 --seed 3 --audited 1 --layers 2 --sampled 1 --copied 1 --lying 1 --running 1 --batch 3
    borne_out --simulate 1000 --seed 4 --audited 0.7 --k 2 --clock 40000 --window 400000 --running 7 --lying 0.1 --response 0 --extension 0 --behind 40
fi
games=100
borne_out --simulate 100 --seed 5 --audited 0
borne_out --simulate 100 --seed 6 --lying 0 --reward 0 --defence-cost 0 --batch 64 --layers 64

run economics --simulate 100 --seed 7 --json
first=$out
run economics --simulate 100 --seed 7 --json
is 'the same seed' "$out" "$first"
run economics --simulate 100 --seed 8 --json
is 'another seed' "$([[ $out != "$first" ]] && echo differs)" differs
run economics --simulate 100
has 'a table of both' "$out" 'errors apart'
has 'bounds' "$out" 'holds in 100'

run chain init "$work/chain" --k 4 --window 90000 --json
run economics --chain "$work/chain" --json
is 'parameters of a chain' "$code $(json '[d["assumed"]["k"], d["assumed"]["window_seconds"]]')" '0 [4, 90000]'
run economics --chain "$work/chain" --k 8 --json
is 'and one beside them' "$code $(json 'd["assumed"]["k"]')" '0 8'
run economics --chain "$work/none" --json
is 'no chain' "$code $(json 'd["error"]')" '1 io'

refused() {
    run economics "${@:2}" --json
    is "refused: ${*:2}" "$code $(json 'd["error"]')" '2 usage'
    has "why: ${*:2}" "$(json 'd["message"]')" "$1"
}
refused 'a share from 0 to 1' --audited 1.5
refused 'a share from 0 to 1' --lying -0.1
refused 'a share from 0 to 1' --copied half
refused 'no more than the model has' --sampled 32
refused '1 to 4096' --layers 0
refused 'not valid' --reward 600000
refused 'not valid' --challenger-bond 100
refused 'deepest dispute' --clock 4000
refused 'move_seconds' --response 301
refused '64 layers' --simulate 100 --layers 65
refused 'from 100 to' --simulate 99
run economics --audited 0 --json
is 'lies that nobody finds' "$code $(json '[f["formula"] for f in d["figures"] if f["figure"] == "least_bond"]')" '0 [null]'
done_testing
