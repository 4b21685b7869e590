#!/usr/bin/env bash
# check_generated.sh GENERATOR: writes the vectors anew and compares them byte for byte with spec/vectors/.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder"
if ! diff -rq spec/vectors "$folder"; then
    echo "spec/vectors/ is not what the generator writes: run $1 spec/vectors, and look at the difference"
    exit 1
fi
bytes=$(cat "$folder"/*.json | wc -c)
echo "spec/vectors/ is what the generator writes: $bytes bytes"
[[ $bytes -le 2097152 ]] || { echo 'more than 2 MB'; exit 1; }
