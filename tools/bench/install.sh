#!/bin/sh
# Puts the folder SOURCE and the packages that its package-lock.json names into DIRECTORY, from the
# npm registry; does nothing to packages that are there. Usage: install.sh SOURCE DIRECTORY
set -eu
source=${1:?usage: install.sh SOURCE DIRECTORY}
directory=${2:?usage: install.sh SOURCE DIRECTORY}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "bench: node and npm are needed and not installed (Debian: apt-get install nodejs npm)" >&2
    exit 2
fi
mkdir -p "$directory"
rm -rf "$directory/engines"
cp -R "$source/." "$directory"
cd "$directory"
if cmp -s package-lock.json node_modules/installed.json; then
    exit 0
fi
# Not `npm ci`: newer ones refuse a lock that leaves out what is optional and for other platforms.
if ! npm install --no-save --no-audit --no-fund >npm.log 2>&1; then
    grep -m 3 -E '^npm (ERR!|error)' npm.log >&2 || tail -n 3 npm.log >&2
    echo "bench: cannot install the engines from the npm registry; is there a network?" \
        "All that npm said is in $directory/npm.log" >&2
    exit 2
fi
cp package-lock.json node_modules/installed.json
