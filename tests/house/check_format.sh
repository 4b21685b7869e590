#!/usr/bin/env bash
# check_format.sh ROOT: every C file is as clang-format would write it.   --fix ROOT: rewrite them so.
# --can-run: exit 0 if the right clang-format is here, else say why not.
set -euo pipefail

readonly MAJOR=14 # each version formats a little differently; this is Debian 12's
tool=$(command -v "clang-format-$MAJOR" || command -v clang-format || true)

if [[ ${1:-} == --can-run ]]; then
    if [[ -z $tool ]]; then
        echo "clang-format is not installed"
        exit 1
    fi
    if ! "$tool" --version | grep -q "version $MAJOR\."; then
        echo "clang-format $MAJOR is needed, here is: $("$tool" --version)"
        exit 1
    fi
    exit 0
fi
mode=(--dry-run -Werror)
if [[ ${1:-} == --fix ]]; then
    mode=(-i)
    shift
fi
cd "${1:-.}"
files=()
while IFS= read -r -d '' file; do
    files+=("$file")
done < <(find . \( -name .git -o -name build -o -name 'build-*' -o -name .cache \) -prune -o \
    -type f \( -name '*.c' -o -name '*.h' \) -print0)
[[ ${#files[@]} -gt 0 ]] || { echo 'no C file found: nothing is proved'; exit 1; }
printf '%s\0' "${files[@]}" | xargs -0 -n 64 -P "$(nproc)" "$tool" --style=file "${mode[@]}"
echo "${#files[@]} C files are formatted"
