#!/usr/bin/env bash
# check_shell.sh ROOT: shellcheck over every shell script, with or without an ending.
set -euo pipefail
cd "${1:-.}"
scripts=()
while IFS= read -r -d '' file; do
    first=
    # Reads to the end of a line, to a NUL or 32 bytes, whatever is first.
    IFS= read -r -n 32 first <"$file" 2>/dev/null || true
    [[ $first != '#!'*sh ]] || scripts+=("$file")
done < <(find . \( -name .git -o -name build -o -name 'build-*' -o -name .cache \) -prune -o -type f -print0)
[[ ${#scripts[@]} -gt 0 ]] || { echo 'no shell script found: nothing is proved'; exit 1; }
printf '%s\0' "${scripts[@]}" | xargs -0 -n 8 -P "$(nproc)" shellcheck -x
echo "${#scripts[@]} shell scripts are clean"
