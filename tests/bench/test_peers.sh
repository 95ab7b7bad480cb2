#!/bin/bash
# What `make bench-peers` and `make bench-compile` need builds and runs shortly, and the comparison
# notices wrong answers. Nothing is installed here, and no time is judged.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

# `make check SANITIZE=…` passes it on; what links the archive must be built alike.
make_here() { make -s BUILD="$BUILD" SANITIZE="${SANITIZE:-}" "$@"; }
ok 'the programs build' make_here "$BUILD/bench-peer" "$BUILD/bench-yaml"

# -------------------------------------------------------------------------------------- bench-yaml --

mkdir -p "$scratch/yaml/deep" "$scratch/yaml/.git"
echo 'a: 1' >"$scratch/yaml/a.yaml"
echo 'b: [2]' >"$scratch/yaml/deep/b.yml"
echo 'not: counted' | tee "$scratch/yaml/notes.txt" >"$scratch/yaml/.git/c.yaml"
is 'bench-yaml reads the YAML files of all folders' "$("$BUILD/bench-yaml" "$scratch/yaml")" \
    '2 files, 12 bytes, 18 events'
echo 'a: [' >"$scratch/yaml/a.yaml"
exits '… and stops at a file that is not YAML' 2 "$BUILD/bench-yaml" "$scratch/yaml"
exits '… and where there is no folder' 2 "$BUILD/bench-yaml" "$scratch/nowhere"

# -------------------------------------------------------------------------------------- bench-peer --

mkdir "$scratch/flags"
cat >"$scratch/flags/flags.yaml" <<'YAML'
project: {name: bench, environments: [production], bucket_by: user_id}
attributes: {user_id: string, country: string, plan: string}
flags:
  constant: {serve: on}
  rule: {rules: [{if: {country: NO, plan: premium}}]}
YAML
"$FFC" build -C "$scratch/flags" -e production -o "$scratch/bench.ffs" >/dev/null
for i in {1..1024}; do
    [ $((i % 4)) -eq 0 ] && printf 'u%d\tNO\tpremium\n' "$i" || printf 'u%d\tNO\tfree\n' "$i"
done >"$scratch/contexts.tsv"
ask() { printf '%s\n' "${@:2}" | "$BUILD/bench-peer" "$scratch/bench.ffs" "$scratch/contexts.tsv" "$1"; }

for how in view one-shot fresh; do
    is "bench-peer counts what is on: $how" \
        "$(ask $how 'time constant 2048' 'time rule 2048' | awk 'NR > 1 { print ($1 > 0), $2 }')" $'1 2048\n1 512'
done
is '… and answers for each context' "$(ask view 'answers rule' | sed -n 2p)" "$(printf '0001%.0s' {1..256})"
is '… and refuses a flag that is not there' "$(ask view 'answers rul' 2>&1 >/dev/null)" \
    'bench-peer: the snapshot has no such flag'
is '… and a number of calls that is none' "$(ask view 'time rule many' 2>&1 >/dev/null)" \
    'bench-peer: how many calls is a number from 1 to 1,000,000,000'

# ------------------------------------------------------------------------------------ installation --

lock=tools/bench/peers/package-lock.json
is 'the lock file names packages, and no addresses of a registry' "$(grep -cE '"resolved"|https?://[^"]*\.tgz' $lock)" 0
is 'all versions are exact' "$(grep -cE '^ +"[@a-z/-]+": "[^0-9]' <(sed -n '/"dependencies"/,$p' tools/bench/peers/package.json))" 0

mkdir -p "$scratch/without" "$scratch/offline"
for program in sh dirname mkdir cp rm cmp grep tail; do
    ln -s "$(command -v $program)" "$scratch/without/$program"
done
PATH=$scratch/without tools/bench/install.sh tools/bench/peers "$scratch/peers" >"$scratch/output" 2>&1
is 'says that npm is missing' "$? $(cat "$scratch/output")" \
    '2 bench: node and npm are needed and not installed (Debian: apt-get install nodejs npm)'

printf '#!/bin/sh\nexit 1\n' >"$scratch/offline/node"
printf '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\nexit 1\n' >"$scratch/offline/npm"
chmod +x "$scratch/offline/node" "$scratch/offline/npm"
for target in bench-peers bench-compile; do
    PATH=$scratch/offline:$PATH make $target BUILD="$scratch/build" >"$scratch/output" 2>&1
    is "make $target fails without the registry" $? 2
    is '… and says why' "$(grep -E '^(npm|bench)' "$scratch/output")" "npm error code ENOTFOUND
bench: cannot install the engines from the npm registry; is there a network? All that npm said is in $scratch/build/peers/npm.log"
done

# ---------------------------------------------------------------------------------- the comparison --

if ! command -v node >/dev/null; then
    skip 'engines are compared' 'node is not installed'
    finish
fi
for script in tools/bench/{peers,peers/engines,replay}/*.mjs; do
    ok "$script parses" node --check "$script"
done

# engine NAME EVALUATE: an engine whose evaluate() has this body.
engine() {
    mkdir -p "$scratch/compare/node_modules/$1"
    echo '{"version": "1.2.3"}' >"$scratch/compare/node_modules/$1/package.json"
    cat >"$scratch/compare/engines/$1.mjs" <<MJS
import { connect } from 'node:net';
import { contexts, meetsRule, members } from '../workload.mjs';
export const packageName = '$1';
const draw = (context) => parseInt(context.userId.slice(0, 2), 16) / 256;
const right = {
    constant: () => true,
    half: (context) => draw(context) < 0.5,
    rule: (context) => meetsRule(context) && draw(context) < 0.25,
    list: (context) => members.includes(context.userId),
};
export const open = () => ({
    context: (context) => context,
    evaluate: (flag, context) => { $2; },
});
MJS
}
compare() {
    rm -rf "$scratch/compare"
    cp -R tools/bench/peers "$scratch/compare"
    rm "$scratch"/compare/engines/*
    while [ $# -gt 0 ]; do
        engine "$1" "$2"
        shift 2
    done
    (cd "$scratch/compare" && node compare.mjs "$FFC" "$BUILD/bench-peer" --json --rounds 1)
}
# Of a report: what was timed, with how many were on, and the remarks.
summary() {
    /usr/bin/python3 -c '
import json, sys
report = json.load(sys.stdin)
for engine in report["engines"]:
    flags = engine["flags"]
    print(engine["name"], engine["version"], flags["constant"]["on"], flags["list"]["on"],
          all(f["ratio"] > 0 and f["best_ns"] > 0 for f in flags.values()))
print(*report["remarks"], sep="\n")'
}
version=$("$FFC" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1)
ours=$(for _ in 1 2 3; do echo "libfflag $version 1024 0 True"; done)

right='return right[flag](context)'
compare honest "$right" promising 'return Promise.resolve(right[flag](context))' \
    caller "connect(80, 'localhost'); $right" broken 'throw new Error("no native code here")' >"$scratch/report"
is 'engines with the right answers are compared' $? 0
is '… beside libfflag, and who cannot be asked is named with the reason' "$(summary <"$scratch/report")" "$ours
honest 1.2.3 1024 0 True
promising 1.2.3 1024 0 True
broken could not be asked: Error: no native code here
caller could not be asked: it went to the network"

compare half "return flag === 'half' ? draw(context) < 0.4 : right[flag](context)" \
    liar "return flag === 'rule' ? draw(context) < 0.0625 : right[flag](context)" \
    misser "return flag !== 'list' && right[flag](context)" >"$scratch/report"
is 'engines with wrong answers fail it' $? 1
is '… and are not timed' "$(summary <"$scratch/report" | sed -E 's/ [0-9]+ (of|who)/ N \1/')" "$ours
half 1.2.3: wrong: 'half' is on for N of 1124, where 50 % should be
liar 1.2.3: wrong: 'rule' is on for N who do not meet its condition
misser 1.2.3: wrong: 'list' is not on for its users and for nobody else"
finish
