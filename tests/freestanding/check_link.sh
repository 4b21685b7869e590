#!/bin/sh
# check_link.sh NM LINKER OUT.o IN.o... : links the objects with each other and with nothing else, and fails if
# a symbol is missing then. This is what "no C library" means, said to a linker.
set -eu
nm=$1 linker=$2 out=$3
shift 3
if [ $# -eq 0 ]; then
    echo "no objects given: nothing is proved"
    exit 1
fi
"$linker" -r -o "$out" "$@"
missing=$("$nm" --undefined-only "$out" | awk '{ print $NF }' | sort -u)
if [ -n "$missing" ]; then
    echo "freestanding objects need what is not there:"
    echo "$missing" | sed 's/^/    /'
    exit 1
fi
echo "$# objects linked, no undefined symbol"
