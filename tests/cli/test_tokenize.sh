#!/usr/bin/env bash
# crux tokenize over a small model: one text, lines of standard input, refusals.
# shellcheck source=tests/cli/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
cd "$work"
python3 "$here/tiny_gguf.py" tiny.gguf
run import tiny.gguf -o tiny.crux --json
is 'import' "$code" 0

run tokenize tiny.crux --text 'some words' --json
is 'a text' "$code" 0
one=$(json 'd["ids"]')
is 'a byte gives one id at most' "$(json '0 < len(d["ids"]) <= len("some words")')" true
run tokenize tiny.crux --text 'some words'
is 'the same for a person' "[${out// /, }]" "$one"

code=0
printf 'some words\n\nmore' | "$crux" tokenize tiny.crux --json >"$work/.out" || code=$?
is 'lines of standard input' "$code" 0
is 'lines' "$(json 'len(d["ids"])')" 3
is 'a line is a text' "$(json 'd["ids"][0]')" "$one"
is 'an empty line has no ids' "$(json 'd["ids"][1]')" '[]'

run tokenize tiny.crux --text '<|endoftext|>' --json
letters=$(json 'len(d["ids"])')
run tokenize tiny.crux --text '<|endoftext|>' --control --json
is 'a control token is one only where asked for' "$(json "len(d['ids']) < $letters")" true

run tokenize tiny.crux --text $'\xff' --json
is 'what is no UTF-8' "$code $(json 'd["error"]')" '1 syntax'
run tokenize no-such-model --text x --json
is 'no such model' "$code" 1
run tokenize
is 'a model is needed' "$code" 2

done_testing
