#!/bin/bash
# The README's example and the guide's are taken from the documents and run, as a reader would.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

# block DOCUMENT LANGUAGE: the first fenced block of that language.
block() { awk -v open="\`\`\`$2" '$0 == open { on = 1; next } on && /^```/ { exit } on' "$1"; }

mkdir -p "$scratch/flags"
block README.md yaml >"$scratch/flags/shop.yaml"
block README.md c >"$scratch/service.c"
ok 'the README has the definitions' grep -q new-checkout "$scratch/flags/shop.yaml"
ok 'the README has the service' grep -q fflag_open "$scratch/service.c"
ok 'the service is 40 lines at most' test "$(wc -l <"$scratch/service.c")" -le 40
is 'check finds nothing in the definitions' \
    "$("$FFC" check -C "$scratch/flags" 2>&1 | grep -cE '(error|warning): ')" 0
ok 'they build as the README says' \
    sh -c "cd '$scratch' && '$FFC' build -e production -o production.ffs"
# `make check SANITIZE=…` passes it on; what links the archive must be built alike.
ok 'the service compiles without a warning' gcc -std=c11 -Wall -Wextra -Werror \
    ${SANITIZE:+-fsanitize=$SANITIZE} -Iinclude -o "$scratch/service" "$scratch/service.c" \
    "$BUILD/libfflag.a" -pthread
is 'it prints a line a user' "$(cd "$scratch" && ./service | grep -cE '^user-[0-9]: (new|old)$')" 10
expected=$(for i in 0 1 2 3 4 5 6 7 8 9; do
    "$FFC" eval new-checkout -s "$scratch/production.ffs" -c "{\"user_id\": \"user-$i\", \"country\": \"CA\"}" \
        --json | sed -E "s/.*\"value\":true.*/user-$i: new/; s/.*\"value\":false.*/user-$i: old/"
done)
is 'and what ffc eval says' "$(cd "$scratch" && ./service)" "$expected"

guide=$scratch/guide
mkdir -p "$guide/flags"
block docs/guide.md yaml >"$guide/flags/shop.yaml"
is "check finds nothing in the guide's definitions" \
    "$("$FFC" check -C "$guide/flags" 2>&1 | grep -cE '(error|warning): ')" 0
ok "the guide's evaluation works" "$FFC" eval new-search -C "$guide/flags" -e production \
    -c '{"user_id": "u1"}'

# Two hours of requests, one a second; of the canary's, every tenth fails when it is bad.
log() {
    /usr/bin/python3 - "$1" <<'PY'
import datetime, json, sys
start = datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.timezone.utc)
for i in range(7200):
    time = start + datetime.timedelta(seconds=i)
    status = 500 if sys.argv[1] == "bad" and i % 10 == 0 else 200
    print(json.dumps({"time": time.isoformat().replace("+00:00", "Z"), "user_id": f"u{i}", "status": status}))
PY
}
decide() {
    "$FFREPLAY" decide new-search "$guide/requests.log" -C "$guide/flags" -e production \
        --now 2026-11-20T12:00:00Z --exit-code "$@"
}
log good >"$guide/requests.log"
exits 'a good hour advances' 0 decide
log bad >"$guide/requests.log"
exits 'a bad one rolls back' 20 decide
exits 'and --apply writes that down' 20 decide --apply --build "$guide/production.ffs"
ok 'in the definition' grep -q 'state: rolled_back' "$guide/flags/shop.yaml"
ok 'and in the ledger' grep -q '"rollback"' "$guide"/flags/ledger/*.json
ok 'and publishes' "$FFC" verify "$guide/production.ffs"

# The guide's made-up service, and what it says of two policies.
made_up=$scratch/made-up
mkdir -p "$made_up/flags"
block docs/guide.md yaml >"$made_up/flags/shop.yaml"
sed 's/max: 5%, action/max: 5%, over: 10m, min_samples: 100, action/' "$made_up/flags/shop.yaml" \
    >"$made_up/trailing.yaml"
commands() {
    sed -n '/^## Try a policy/,$p' docs/guide.md | grep -A1 -E '^    (build/service-log|ffreplay backtest) ' | grep '^    '
}
is 'the guide has both commands' "$(commands | wc -l)" 4
commands >"$scratch/commands"
ln -s "$BUILD" "$made_up/build"
ok 'they run' sh -c "cd '$made_up' && PATH='$BUILD':\$PATH && . '$scratch/commands'"
is 'and compare the policies as it says' "$(head -3 "$scratch/.output")" \
    "$(grep -E '^  (policy|the project|trailing)' docs/guide.md)"

# The pages that look closer at the same log.
sed -n '/^## Look closer/,$p' docs/guide.md | grep '^    ffreplay' >"$scratch/closer"
is 'there are four of them' "$(wc -l <"$scratch/closer")" 4
ok 'which run' sh -ec "cd '$made_up' && PATH='$BUILD':\$PATH && . '$scratch/closer'"
ok 'metrics prints what the guide shows' sh -ec "cd '$made_up' && PATH='$BUILD':\$PATH && $(head -1 "$scratch/closer") >metrics"
while IFS= read -r row; do
    ok "$(echo "$row" | xargs)" grep -qxF -- "$row" "$made_up/metrics"
done < <(sed -n '/^## Look closer/,$p' docs/guide.md | sed -n '/^```$/,/^```$/p' | grep -v '^```')

finish
