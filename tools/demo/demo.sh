#!/bin/bash
# The main job end to end: definitions are compiled, a running service follows them, and its own log
# decides on a canary. Works on a copy of flags/ in a temporary directory; every step checks what it
# claims, and the exit status is 0 only when all of them held. Usage: tools/demo/demo.sh BUILD
set -u
cd "$(dirname "$0")/../.." || exit 2
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: tools/demo/demo.sh BUILD" >&2
    exit 2
fi
build=$(cd "$1" && pwd)
export PATH="$build:$PATH" LC_ALL=C.UTF-8

flag=canary.new-notification-service
definition=flags/rupaya/canary-notification-service.yaml
model=flags/demo.yaml
publications=21

work=$(mktemp -d "${TMPDIR:-/tmp}/ffc-demo.XXXXXX") || exit 2
service=
cleanup() {
    if [ -n "$service" ]; then
        kill "$service" 2>/dev/null
        wait "$service" 2>/dev/null
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bold='' green='' red='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
fi

steps=0
step() {
    steps=$((steps + 1))
    printf '\n%s%d. %s%s\n' "$bold" $steps "$*" "$plain"
}

say() { printf '   %s\n' "$*"; }

# Indents, and breaks what is longer than a line; the rest of it hangs below where its text began.
indent() {
    awk '{
        line = $0
        match(line, /^ */)
        hang = line ~ /^  [a-z]/ ? "            " : substr(line, 1, RLENGTH)
        while (length(line) > 76) {
            cut = 76
            while (cut > 20 && substr(line, cut, 1) !~ /[ ,]/) cut--
            if (cut == 20) cut = 76
            head = substr(line, 1, cut)
            sub(/ +$/, "", head)
            print "   " head
            line = hang substr(line, cut + 1)
        }
        print "   " line
    }'
}

fail() {
    printf '   %sfailed: %s%s\n' "$red" "$*" "$plain"
    if [ -s "$work/service.err" ]; then
        tail -5 "$work/service.err" | indent
    fi
    exit 1
}

# claim "what is claimed" command…
claim() {
    local text=$1
    shift
    "$@" >"$work/output" 2>&1 || fail "$text"
    printf '   %s✓%s %s\n' "$green" "$plain" "$text"
}

# run command…: shows the command and what it printed; a failing one ends the demo. Set `show` for a
# filter on what it printed.
run() {
    local status word said='$'
    for word in "$@"; do
        case $word in *' '*) said+=" '$word'" ;; *) said+=" $word" ;; esac
    done
    echo "$said" | fold -s -w 72 | sed -e '2,$s/^/    /' -e "s/ *$//" -e "s/.*/   $dim&$plain/"
    "$@" >"$work/printed" 2>&1
    status=$?
    if [ $status -ne 0 ]; then
        indent <"$work/printed"
        fail "exit status $status"
    fi
    ${show:-cat} <"$work/printed" | indent
}

# Of a decision: the verdict, the criterion that did it, and why. The rest is a table too wide for here.
the_point() {
    awk '/^              / { sub(/^ +/, " "); held = held $0; next }
        { if (held != "") print held; held = "" }
        / HARM / { gsub(/   +/, "  ") }
        /^  [a-z]/ { why = /^  why/ }
        NR == 1 || / HARM / || /^  (input|would) / || (why && NF) { held = $0 }
        END { if (held != "") print held }'
}

# Of changes: when, what, and to whom, without the fractions of a second and the reasons.
in_brief() {
    sed -E -e '/^ *$/d' -e '/^ {20}/d' -e 's/\.[0-9]{3}Z/Z/g' -e '/^[0-9]/s/  +/ /g'
}

# edit FILE SED-SCRIPT: changes a definition, and shows the change as git would.
edit() {
    cp "$1" "$work/before"
    sed -i "$2" "$1"
    show_change "$work/before" "$1"
}

show_change() {
    diff -u --label "a/$2" --label "b/$2" "$1" "$2" | grep '^[-+]' |
        sed -e "s/^\(---\|+++\) .*/$dim&$plain/" -e "s/^-.*/$red&$plain/" -e "s/^+.*/$green&$plain/" \
            -e 's/^/   /'
    ! cmp -s "$1" "$2" || fail "$2 did not change"
}

# The build of the snapshot that is published.
published_build() { ffc verify live.ffs | awk '$1 == "build" { print $2 }'; }

# What the service did over the next COUNT ticks in which all its threads answered from what is
# published now: sets requests, in_canary, milliseconds.
observe() {
    local count=$1 from build
    from=$(wc -l <"$work/service.out")
    build=$(published_build)
    for _ in $(seq 600); do
        read -r requests in_canary milliseconds < <(tail -n +$((from + 1)) "$work/service.out" | awk \
            -v count="$count" -v build="$build" '$1 == "tick" && NF == 5 && $3 == build {
                r += $4; c += $5; m += $2
                if (++n == count) { print r, c, m; exit }
            }')
        [ -n "${requests:-}" ] && return
        alive
        sleep 0.1
    done
    fail "the service did not answer from build $build within a minute"
}

# until_served PUBLICATION: waits for the service to say so.
until_served() {
    for _ in $(seq 3000); do
        grep -q "^served $1 " "$work/service.out" && return
        alive
        sleep 0.02
    done
    fail "publication $1 was not served within a minute"
}

alive() { kill -0 "$service" 2>/dev/null || fail 'the service ended'; }

share() { awk -v part="$in_canary" -v all="$requests" 'BEGIN { printf "%.3f", 100 * part / all }'; }
grouped() { printf "%d" "$1" | sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta'; }

# within LOW HIGH VALUE
within() { awk -v low="$1" -v high="$2" -v value="$3" 'BEGIN { exit !(low <= value && value <= high) }'; }

show_share() {
    say "the service now: $(share) % of $(grouped "$requests") requests use the new service"
}

# ------------------------------------------------------------------------------------------------

cp -R flags "$work/flags" && cp tools/demo/model.yaml "$work/$model" && cd "$work" || exit 2
echo "${bold}A canary from YAML to rollback, with no server in the path$plain"
say "in $work, on a copy of flags/"

step 'Check the definitions and compile them for production'
run ffc check -C flags
run ffc build -C flags -e production -o live.ffs
claim 'the snapshot is sound' ffc verify live.ffs

step 'Start a service that maps the snapshot'
threads=$(nproc)
[ "$threads" -le 4 ] || threads=4
: >service.out
demo-service live.ffs service.log "$threads" 900 2026 >service.out 2>service.err &
service=$!
observe 3
rate=$(awk -v r="$requests" -v t="$milliseconds" 'BEGIN { printf "%.1f", r / t / 1000 }')
[ "$threads" -eq 1 ] && on='1 thread' || on="$threads threads"
say "$rate million requests a second on $on, two evaluations each"
show_share
claim "nobody is in the canary yet" test "$in_canary" -eq 0

step 'Take the canary to its first stage, 5 %'
cp $definition before
run ffc canary start $flag -C flags -e production --reason 'ready to be tried' --build live.ffs
show_change before $definition
observe 4
show_share
claim 'that is 5 %, within 0.25' within 4.75 5.25 "$(share)"

step "Publish $publications snapshots and time each one"
: >published
for i in $(seq $publications); do
    sed -i "/demo.publication:/,/value:/ s/value: .*/value: $i/" $model
    ffc build -C flags -e production -o staged.ffs >/dev/null 2>build.err || fail "$(cat build.err)"
    read -r before _ < <(demo-service publish staged.ffs live.ffs) || fail 'the rename failed'
    echo "$i $before" >>published
    until_served "$i"
done
join <(sort published) <(sed -n 's/^served //p' service.out | sort) |
    awk '{ printf "%.0f\n", ($3 - $2) / 1000 }' | sort -n >microseconds
claim "the service served all $publications" test "$(wc -l <microseconds)" -eq $publications
median=$(sed -n "$(((publications + 1) / 2))p" microseconds)
say "from the rename until a thread answered from the new snapshot:"
say "${bold}median $median µs$plain, fastest $(head -1 microseconds) µs, slowest $(tail -1 microseconds) µs"
say "(from the clock before rename(2) to the clock after the first new answer;"
say "between them: inotify, verifying the whole file, and the swap)"
claim 'the service refused no snapshot' test ! -s service.err

step 'Ask for a decision while the canary is well'
show=the_point run ffreplay decide $flag rupaya.requests=service.log -C flags -e production --apply
claim 'it is not rolled back' grep -q 'state: running' $definition

step 'The new service starts to fail: 60 % errors, three times as slow'
edit $model '/canary-error-share:/,/value:/ s/value: .*/value: 0.6/
    /canary-slowdown:/,/value:/ s/value: .*/value: 3/'
run ffc build -C flags -e production -o live.ffs
observe 1
show_share
sleep 2 # so that the failure is plain to see at whatever second somebody looks

step "Watch the service's own log, and decide each second"
say "$(grouped "$(wc -l <service.log)") lines, which do not say who was in the canary, such as"
tail -2 service.log | head -1 | indent
cp $definition before
show=the_point run timeout 120 ffreplay watch $flag rupaya.requests=service.log -C flags -e production \
    --interval 1s --apply --build live.ffs
claim 'the verdict is rollback' grep -q '^rollback ' printed
claim 'the definition says so' grep -q 'state: rolled_back' $definition

step 'What it left behind: an edit and an entry of the ledger, to commit'
show_change before $definition
entry=$(find flags/ledger -name '*.json' | sort | tail -1)
sed 's/,"evidence":.*/, …}/' "$entry" | indent
claim 'the ledger records the rollback' grep -q '"rollback"' "$entry"

step 'And the service follows'
observe 3
show_share
claim 'nobody is in the canary any more' test "$in_canary" -eq 0
claim 'the service never stopped' kill -0 "$service"

step 'Look back: what was decided, and by the same log, what the policy does'
show=in_brief run ffreplay history -C flags
show=in_brief run ffreplay backtest $flag rupaya.requests=service.log -C flags -e production --interval 1s
claim 'played from its beginning, the canary is rolled back, too' grep -q '^rolled back' printed

step 'An emergency among 10,000 flags, with an error in a file of somebody else'
kill "$service" && wait "$service" 2>/dev/null # it takes all processors
service=
mkdir many
{
    echo 'project: {name: many, environments: [production], bucket_by: user_id}'
    echo 'attributes: {user_id: string}'
    echo 'flags:'
    seq -f '  feature-%05.0f: {owner: team, description: one of many, serve: on}' 10000
} >many/flags.yaml
ffc build -C many -e production -o many.ffs >/dev/null 2>build.err || fail "$(cat build.err)"
echo 'flags: {theirs: {serve: onn' >many/theirs.yaml
: >reactions
for i in 1 2 3 4 5; do
    demo-service react many.ffs "feature-0000$i" ffc rollback "feature-0000$i" -C many -e production \
        --reason INC-1423 --build many.ffs >>reactions 2>build.err || fail "$(cat build.err)"
done
claim 'each was published and followed' test "$(wc -l <reactions)" -eq 5
claim 'with the override for the definitions' test "$(find many/overrides -name '*.yaml' | wc -l)" -eq 5
median=$(sort -n reactions | sed -n 3p)
say "from Enter until a running service answered anew: ${bold}median $median ms$plain"
say "(of five: $(sort -n reactions | paste -sd ' ' -); 50 ms is the limit at rest)"

printf '\n%sDone in %d s; every step held.%s\n' "$bold" $SECONDS "$plain"
