#!/bin/sh
# Puts this folder and the packages that package-lock.json names into DIRECTORY, from the npm
# registry; does nothing to packages that are there. Usage: install.sh DIRECTORY
set -eu
here=$(dirname "$0")
directory=${1:?usage: install.sh DIRECTORY}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "bench-peers: node and npm are needed and not installed (Debian: apt-get install nodejs npm)" >&2
    exit 2
fi
mkdir -p "$directory"
rm -rf "$directory/engines"
cp -R "$here/." "$directory"
cd "$directory"
if cmp -s package-lock.json node_modules/installed.json; then
    exit 0
fi
if ! npm ci --no-audit --no-fund >npm.log 2>&1; then
    grep -m 3 -E '^npm (ERR!|error)' npm.log >&2 || tail -n 3 npm.log >&2
    echo "bench-peers: cannot install the engines from the npm registry; is there a network?" \
        "All that npm said is in $directory/npm.log" >&2
    exit 2
fi
cp package-lock.json node_modules/installed.json
