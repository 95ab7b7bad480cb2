#!/bin/bash
# Snapshots to begin with: what ffc makes of the definitions in the corpus that compile.
# Usage: tests/fuzz/seeds.sh FFC DIRECTORY
set -eu
corpus=$(cd "$(dirname "$0")" && pwd)/corpus/definitions
mkdir -p "$2"
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
for definitions in "$corpus"/*.yaml; do
    cp "$definitions" "$project/flags.yaml"
    "$1" build -C "$project" -e production -o "$2/$(basename "$definitions" .yaml).ffs" >/dev/null 2>&1 || true
done
[ -n "$(ls "$2")" ]
