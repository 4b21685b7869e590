#!/usr/bin/env bash
# Every command: help, unknown options, exit codes, one JSON object.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

run help
is 'help ends well' "$code" 0
overview=$out
mapfile -t commands < <(sed -n 's/^  \([a-z]*\( [a-z]*\)\{0,1\}\)  .*/\1/p' <<<"$overview")
has 'the commands are listed' "${commands[*]}" doctor
run --help
is '--help is the overview' "$out" "$overview"
run
is 'nothing is a usage error' "$code" 2
is 'and prints nothing' "$out" ''
has 'and says what to do' "$err" 'crux help'

for command in "${commands[@]}"; do
    read -ra words <<<"$command"
    run help "${words[@]}"
    is "help $command" "$code" 0
    has "help $command" "$out" "usage: crux $command"
    text=$out
    run "${words[@]}" --help
    is "$command --help" "$out" "$text"
    run "${words[@]}" --help --json
    is "$command --help --json" "$(json 'd["help"]')" "$text"
    run "${words[@]}" --no-such-option
    is "$command --no-such-option" "$code" 2
    has "$command --no-such-option" "$err" 'no option --no-such-option'
    is "$command --no-such-option prints nothing" "$out" ''
    run "${words[@]}" --no-such-option --json
    is "$command --no-such-option --json" "$code $(json 'd["error"]')" '2 usage'
    has "$command --no-such-option --json" "$(json 'd["message"]')" 'no-such-option'
done

run --version
has 'version' "$out" 'op set 1'
run --version --json
is 'version in JSON' "$(json 'd["op_set"]')" 1

run doctr
is 'a wrong name' "$code" 2
has 'a wrong name' "$err" "did you mean 'doctor'?"
run doctor --jsno
has 'a wrong option' "$err" 'did you mean --json?'
run zzzzzzzz --json
is 'far from every name' "$code $(json 'd["error"]')" '2 usage'
run doctor --json --json
is 'given twice' "$code $(json '"--json is given twice" in d["message"]')" '2 true'
run doctor --json=1
is 'a flag with a value' "$code" 2
has 'a flag with a value' "$err" '--json takes no value'
run doctor more
is 'an argument too many' "$code" 2
run doctor -- --json
is 'after -- an option is an argument' "$code $out" '2 '
run --no-such-option
is 'an option before a command' "$code" 2

run doctor
is 'doctor' "$code" 0
has 'doctor' "$out" 'passed known answers'
run doctor --json
is 'doctor --json' "$code $(json 'd["ok"]')" '0 true'
is 'the plain SHA-256 passes' "$(json 'd["sha256"]["verdicts"]["plain"]')" ok
is 'the one in use passes' "$(json 'd["sha256"]["verdicts"][d["sha256"]["selected"]]')" ok
is 'the reference is the last backend' "$(json 'd["backends"][-1] + d["verdicts"]["reference"]')" referenceok
is 'the backends are those that pass' \
    "$(json 'sorted(d["backends"]) == sorted(k for k, v in d["verdicts"].items() if v == "ok")')" true

# Standard output that does not arrive.
for arguments in doctor 'doctor --json' help; do
    read -ra words <<<"$arguments"
    code=0
    err=$("$crux" "${words[@]}" 2>&1 >/dev/full) || code=$?
    is "$arguments to a full device" "$code" 1
    has "$arguments to a full device" "$err" 'standard output could not be written'
    code=0
    err=$("$crux" "${words[@]}" 2>&1 >&-) || code=$?
    is "$arguments without standard output" "$code" 1
done

# Colours on a terminal, unless NO_COLOR is set; none in a file.
on_terminal() {
    python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) != 0)' "$@" </dev/null | tr -d '\r'
}
escapes() { tr -cd '\033' | wc -c; }
export TERM=xterm
is 'none in a file' "$("$crux" doctor | escapes)" 0
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    is 'colours on a terminal' "$(($(on_terminal "$crux" doctor | escapes) > 0))" 1
    is 'none where NO_COLOR is set' "$(NO_COLOR=1 on_terminal "$crux" doctor | escapes)" 0
    is 'none on a terminal that has none' "$(TERM=dumb on_terminal "$crux" doctor | escapes)" 0
    is 'none in JSON' "$(on_terminal "$crux" doctor --json | escapes)" 0
else
    echo 'skipped: colours on a terminal: this machine gives no pseudo-terminal'
fi

done_testing
