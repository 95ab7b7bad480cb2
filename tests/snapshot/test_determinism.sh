#!/bin/bash
# The same definitions give the same bytes: on every run, in every place, under every locale.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

# A project of three files with everything that a snapshot holds.
write_project() {
    mkdir -p "$1/lists" "$1/deep/er"
    for file in $2; do
        case $file in
        project) cat >"$1/project.yaml" <<'YAML' ;;
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string, country: string, age: number, ip: ip, app: version}
segments: {adults: {if: {age: {gte: 18}}}}
layers: {l2: {}, l1: {}}
holdouts: {h2: {percent: 1%}, h1: {percent: 2%}}
YAML
        flags) cat >"$1/flags.yaml" <<'YAML' ;;
flags:
  zeta: {requires: {alpha: on}, percent: 33.333%, holdout: [h2, h1]}
  alpha: {rules: [{if: {segment: adults, country: ["NO", SE, ÅL]}, percent: 25%}]}
  mid: {type: string, variants: {x: X, y: Y}, default: x, split: {x: 40%, y: 60%}, layer: {name: l1, from: 0%, to: 50%}}
YAML
        more) cat >"$1/deep/er/more.yml" <<'YAML' ;;
flags:
  beta: {users: {on: {file: lists/beta.txt}}, rules: [{if: {ip: {in: [10.0.0.0/8, "2001:db8::/32"]}}}]}
  ramp: {percent: {from: 0%, to: 100%, start: 2026-01-01T00:00:00Z, end: 2026-03-01T00:00:00Z}}
overrides: [{flags: ["*"], if: {app: {lt: 1.2}}, serve: default}]
YAML
        list) printf 'u%s\n' 3 1 2 5 4 9 8 7 6 >"$1/lists/beta.txt" ;;
        esac
    done
}

write_project first "project flags more list"
"$FFC" build -C first --all -o one --label commit=x --label by=ci >/dev/null
"$FFC" build -C first --all -o two --label by=ci --label commit=x >/dev/null
ok "two builds" cmp one/production.ffs two/production.ffs
ok "two environments differ" sh -c '! cmp -s one/production.ffs one/staging.ffs'

(
    umask 077
    export LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Kathmandu HOME=/nowhere
    write_project "a/much longer/path with spaces" "list more flags project"
    cd "a/much longer" && "$FFC" build -C "path with spaces" --all -o "$scratch/three" \
        --label commit=x --label by=ci >/dev/null
)
ok "another place, order of creation, umask, locale and time zone" cmp one/production.ffs three/production.ffs
ok "and from within the project" sh -c 'cd first && "$1" build -C . -e production -o ../four.ffs \
    --label commit=x --label by=ci >/dev/null && cmp ../four.ffs ../one/production.ffs' - "$FFC"

"$FFC" build -C first -e production -o plain.ffs >/dev/null
ok "labels change the build" sh -c '! cmp -s plain.ffs one/production.ffs'

# How definitions are spread over files shows in the sections for people alone.
mkdir split && cp -r first/lists split/
sed -n '1,5p' first/project.yaml >split/a.yaml
{ echo flags: && grep -E '^  (zeta|mid):' first/flags.yaml; } >split/z.yaml
{ echo flags: && grep '^  alpha:' first/flags.yaml; } >split/b.yaml
sed -n '/^flags/,$p' first/deep/er/more.yml >split/c.yaml
cat >rest.py <<'PY'
import struct, sys
bytes = open(sys.argv[1], "rb").read()
count = struct.unpack_from("<I", bytes, 32)[0]
for i in range(count):
    id, flags, offset, size = struct.unpack_from("<IIQQ", bytes, 128 + 24 * i)
    if id < 32:
        sys.stdout.buffer.write(struct.pack("<IQ", id, offset) + bytes[offset : offset + size])
PY
"$FFC" build -C split -e production -o split.ffs >/dev/null
/usr/bin/python3 rest.py plain.ffs >plain.rest
/usr/bin/python3 rest.py split.ffs >split.rest
ok "other files with the same content" cmp plain.rest split.rest
ok "the comparison compares something" test "$(stat -c %s plain.rest)" -gt 1000
finish
