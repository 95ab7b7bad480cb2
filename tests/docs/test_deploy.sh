#!/bin/bash
# docs/deploy.md: its commands run in a fresh project, and its units and manifests are sound.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2
page=$top/docs/deploy.md
block() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$page" | grep -v '^```'
}
mkdir bin
printf '#!/bin/sh\necho 0123abc\n' >bin/git
chmod +x bin/git
block sh >commands
ok "the page has commands" test "$(wc -l <commands)" -ge 7
while read -r command; do
    ok "'$command' runs" env PATH="$scratch/bin:$(dirname "$FFC"):$PATH" sh -ec "$command"
done <commands
is "and the files are built" "$(ls build/flags)" "development.ffs
production.ffs"
is "with the commit" "$("$FFC" verify build/flags/production.ffs | grep -c 'commit.*0123abc')" 1

# Each option that the page gives a program is one of its.
while read -r program command options; do
    help=$("$(dirname "$FFC")/$program" "$command" --help)
    for option in $(grep -oE -- '--[a-z-]+' <<<"$options"); do
        ok "$program $command has $option" grep -qE -- "$option( |\$)" <<<"$help"
    done
done < <(grep -oE '\b(ffc|ffreplay) (watch|build|check|test|fmt|eval) [^`|]*' "$page")

# The unit, but for where the program is and who runs it.
block ini >unit
sed -e "s|/usr/local/bin/ffreplay|$FFREPLAY|; /^User=/d" unit >ffreplay-watch.service
if ! command -v systemd-analyze >/dev/null; then
    skip "systemd takes the unit" "no systemd-analyze"
elif ! systemd-analyze verify /usr/lib/systemd/system/basic.target >/dev/null 2>&1; then
    skip "systemd takes the unit" "systemd-analyze cannot verify here"
else
    is "systemd takes the unit" "$(systemd-analyze verify ./ffreplay-watch.service 2>&1 | grep ffreplay)" ""
fi
is "its snapshot is in its state directory" \
    "$(sed -n 's|^StateDirectory=|/var/lib/|p' unit)" "$(grep -o '/var/lib/[a-z]*' unit | uniq)"

# A ConfigMap of what was built, and a canary that is judged by what is piped.
if command -v kubectl >/dev/null && timeout 20 kubectl version --client >/dev/null 2>&1; then
    is "kubectl makes the manifest" "$(timeout 20 kubectl create configmap flags --dry-run=client -o yaml \
        --from-file=production.ffs=build/flags/production.ffs | grep -cE '^kind: ConfigMap|^  production.ffs: ')" 2
else
    skip "kubectl makes the manifest" "no kubectl"
fi
cat >flags/canary.yaml <<'EOF'
logs: {requests: {format: ndjson, variant: variant}}
metrics: {errors: {kind: proportion, of: {status: {gte: 500}}}}
flags:
  canary.checkout:
    kind: canary
    environments:
      production:
        canary:
          state: running
          stage: small
          since: 2026-11-20T10:00:00Z
          stages: [{name: small, percent: 5%}, {name: full, percent: 100%}]
          guards: [{metric: errors, max: 10%}]
EOF
log='{"time":"2026-11-20T10:00:01Z","user_id":"u1","variant":"on","status":200}'
watch=$(grep -o 'ffreplay watch canary.checkout - .*' "$page")
ok "what is piped to '$watch' is judged" grep -q 'canary.checkout  hold (stale)' \
    <(PATH="$(dirname "$FFREPLAY"):$PATH" sh -c "echo '$log' | timeout 60 $watch" 2>&1)
ok "the manifest is YAML" python3 -c 'import sys, json
try:
    import yaml
except ImportError:
    sys.exit(0)
spec = yaml.safe_load(sys.stdin)["spec"]
assert spec["volumes"][0]["name"] == spec["containers"][0]["volumeMounts"][0]["name"]' < <(block yaml)
finish
