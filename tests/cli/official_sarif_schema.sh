#!/bin/sh
# Puts OASIS's JSON schema of SARIF 2.1.0 into DIRECTORY, as the npm package of Microsoft's checker
# brings it along (43 MB); does nothing where it is there. Usage: official_sarif_schema.sh DIRECTORY
set -eu
directory=${1:?usage: official_sarif_schema.sh DIRECTORY}
package=@microsoft/sarif-multitool-linux@5.7.0
expected=1c49a0f2b60444c71bb14878e21e0d882198eff4c539861b133093ad89ed798c

if [ -f "$directory/sarif-2.1.0.json" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "no npm: SARIF is checked against the schema of tests/cli alone" >&2
    exit 0
fi
mkdir -p "$directory"
cd "$directory"
archive=$(npm pack --silent "$package") || {
    echo "no $package to be had: SARIF is checked against the schema of tests/cli alone" >&2
    exit 0
}
tar -xzf "$archive" --strip-components=1 package/sarif-2.1.0.json
rm -f "$archive"
if ! echo "$expected  sarif-2.1.0.json" | sha256sum -c --status; then
    rm -f sarif-2.1.0.json
    echo "the schema in $package is not the one that was looked at" >&2
    exit 2
fi
