#!/usr/bin/env bash
# check_shell.sh ROOT: shellcheck over every shell script, with or without an ending.
set -euo pipefail
cd "${1:-.}"
scripts=()
while IFS= read -r -d '' file; do
    case $(head -c 32 "$file" | head -n 1 | tr -d '\0') in
    '#!'*sh) scripts+=("$file") ;;
    esac
done < <(find . \( -name .git -o -name build -o -name 'build-*' -o -name .cache \) -prune -o -type f -print0)
[[ ${#scripts[@]} -gt 0 ]] || { echo 'no shell script found: nothing is proved'; exit 1; }
shellcheck "${scripts[@]}"
echo "${#scripts[@]} shell scripts are clean"
