#!/usr/bin/env bash
# crux keys: a key file made, shown, opened, signed with; refusals that name what is wrong.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

key=$work/key
printf 'correct horse\n' >"$work/pass"
printf '%064d\n' 1 >"$work/one"

run keys new "$key" --passphrase-file "$work/pass" --json
account=$(json 'd["account"]')
is 'new' "$code ${#account} $(json 'd["proven"]')" '0 40 true'
is 'for its owner alone' "$(stat -c %a "$key")" 600
has 'not in the clear' "$(<"$key")" '"aes-128-ctr"'
run keys new "$key" --passphrase-file "$work/pass" --json
is 'left alone' "$code $(json 'd["error"]')" '1 io'
run keys show "$key"
is 'show' "$code $out" "0 $account"
run keys show "$key" --unlock --passphrase-file "$work/pass"
is 'show, proven' "$code $out" "0 $account"

run keys new "$work/known" --secret-file "$work/one" --passphrase-file "$work/pass"
is 'the account of the key 1' "$code $out" '0 7e5f4552091a69125d5dfcb7b8c2659029395bdf'
digest=$(printf 'Satoshi Nakamoto' | sha256sum | cut -d' ' -f1)
run keys sign "$work/known" "$digest" --passphrase-file "$work/pass" --json
is 'a signature that is published' "$code $(json 'd["signature"]')" \
    '0 934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5'

export WRONG=horse
run keys sign "$key" "$digest" --passphrase-env WRONG --json
is 'wrong passphrase' "$code $(json 'd["error"]')" '1 passphrase_wrong'
run keys sign "$key" abc --passphrase-env WRONG
is 'no digest' "$code" 2
run keys sign "$key" "$digest" --passphrase-env UNSET_HERE
has 'no variable' "$code $err" "2 crux keys sign: the environment has no variable 'UNSET_HERE'"
run keys sign "$key" "$digest" --passphrase-env WRONG --passphrase-file "$work/pass"
is 'one way or the other' "$code" 2
run keys show "$work/none" --json
is 'no file' "$code $(json 'd["error"]')" '1 io'
sed 's/aes-128-ctr/rot-13/' "$key" >"$work/odd"
run keys show "$work/odd" --json
is 'a strange file' "$code $(json 'd["error"]')" '1 keystore_invalid'
has 'says where' "$(json 'd["message"]')" 'crypto.cipher'
printf '%064d\n' 0 >"$work/zero"
run keys new "$work/never" --secret-file "$work/zero" --passphrase-file "$work/pass" --json
is 'zero is no key' "$code $(json 'd["error"]')" '1 key_invalid'
chmod 644 "$key"
run keys show "$key" --unlock --passphrase-file "$work/pass"
has 'open to others' "$err" 'chmod 600'
done_testing
