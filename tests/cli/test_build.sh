#!/bin/bash
# ffc build: what is written, what is said, and what stays as it was when it fails.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

mkdir flags
cat >flags/all.yaml <<'YAML'
project: {name: shop, environments: [staging, production], bucket_by: user_id}
attributes: {user_id: string}
flags:
  checkout: {percent: 25%, environments: {staging: {percent: 100%}}}
YAML

"$FFC" build -e production -o p.ffs >out 2>err
is "prints path, build and size" "$(sed -E 's/[0-9a-f]{32}/BUILD/; s/[0-9]+ bytes/N bytes/' out)" \
    "p.ffs: build BUILD, N bytes, 1 flag"
is "says nothing else" "$(cat err)" ""
is "the file is read-only" "$(stat -c %a p.ffs)" "444"
is "the build is the content hash" "$(sed -E 's/.*build ([0-9a-f]+).*/\1/' out)" \
    "$("$FFC" verify --json p.ffs | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["build"])')"

"$FFC" build --all -o dir --json >out
is "--all writes a file an environment" "$(cd dir && echo *)" "production.ffs staging.ffs"
is "--json says the same, a line each" \
    "$(/usr/bin/python3 -c '
import json, os
for line in open("out"):
    built = json.loads(line)
    assert built["format_version"] == 1 and os.path.getsize(built["path"]) == built["size"]
    print(built["environment"], built["path"], built["flags"])')" \
    "staging dir/staging.ffs 1
production dir/production.ffs 1"

"$FFC" build -e production -o - >stdout.ffs 2>err
ok "-o - writes the same bytes to stdout" cmp p.ffs stdout.ffs
is "and the summary to stderr" "$(cut -d: -f1 err)" "(stdout)"
if has_terminals; then
    exits "a terminal gets no binary" 2 script -qec "$FFC build -e production -o -" /dev/null
else
    skip "a terminal gets no binary" "there are no pseudo-terminals"
fi

"$FFC" build -e production -o l.ffs --label commit=abc --label built-by=ci >/dev/null
is "labels are kept, in order of key" \
    "$("$FFC" verify l.ffs | grep label)" "  label        built-by=ci
  label        commit=abc"
exits "a label needs a value" 2 "$FFC" build -e production -o l.ffs --label commit
exits "a label is given once" 2 "$FFC" build -e production -o l.ffs --label a=1 --label a=2

is "a misspelt environment" "$("$FFC" build -e prodction -o x.ffs 2>&1 | head -1)" \
    "ffc build: no environment is called 'prodction'; did you mean 'production'?"
exits "is a mistake of usage" 2 "$FFC" build -e prodction -o x.ffs
is "no environment, of several" "$("$FFC" build -o x.ffs 2>&1 | head -1)" \
    "ffc build: which environment? Say -e with one of: staging, production"
exits "no output" 2 "$FFC" build -e production
exits "--all and -e" 2 "$FFC" build --all -e production -o dir
exits "an operand" 2 "$FFC" build -e production -o x.ffs flags

before=$(md5sum p.ffs)
echo '  broken: {perzent: 1%}' >>flags/all.yaml
exits "definitions with errors" 1 "$FFC" build -e production -o p.ffs
is "leave the old file" "$(md5sum p.ffs)" "$before"
ok "say what is wrong" sh -c '"$1" build -e production -o p.ffs 2>&1 | grep -q "FF0102"' - "$FFC"
is "and print no result" "$("$FFC" build -e production -o p.ffs 2>/dev/null)" ""
sed -i '$d' flags/all.yaml

exits "a directory that is not there" 2 "$FFC" build -e production -o nowhere/x.ffs
exits "a directory in the place of the file" 2 "$FFC" build -e production -o dir
exits "a device in the place of the file" 2 "$FFC" build -e production -o /dev/null
ok "which stays" test -c /dev/null
ok "for readers of a level of the format" "$FFC" build -e production -o level.ffs --format-level 1
for level in 0 3 -1 1x ""; do
    exits "level '$level' is a mistake of usage" 2 "$FFC" build -e production -o x.ffs --format-level "$level"
done
exits "a project that is not there" 2 "$FFC" build -C nowhere -e production -o x.ffs
is "no temporary file is left" "$(find . -name '.*ffs*')" ""

# In a sparse checkout.
git init -q sparse
mkdir sparse/flags sparse/flags/web sparse/flags/_web sparse/flags/it
cp flags/all.yaml sparse/flags/all.yaml
echo 'flags: {menu: {percent: 5%}}' | tee sparse/flags/web/menu.yaml >sparse/flags/_web/menu.yaml
echo 'flags: {rename: {percent: 5%}}' >sparse/flags/it/rename.yml
cd sparse || exit 2
git add . && git -c user.name=x -c user.email=x@x commit -q -m x
exits "a whole checkout builds" 0 "$FFC" build -e production -o p.ffs
git sparse-checkout set --no-cone /flags/all.yaml /flags/it
before=$(md5sum p.ffs)
exits "definitions that are left out" 2 "$FFC" build -e production -o p.ffs
is "are counted, with a way out" "$("$FFC" build -e production -o p.ffs 2>&1 | tr '\n' ' ' | tr -s ' ')" \
    "ffc build: 1 file of definitions is not in this sparse checkout, so its flags would be in no snapshot \
help: git sparse-checkout disable; or --allow-sparse to build without them "
is "and leave the old file" "$(md5sum p.ffs)" "$before"
cp p.ffs whole.ffs
exits "unless that is meant" 0 "$FFC" build -e production -o p.ffs --allow-sparse
is "and then are not there" "$("$FFC" dump p.ffs | grep -c menu)" 0
cp -f whole.ffs p.ffs
"$FFC" set checkout percent=30% -e production -r x --build p.ffs >/dev/null 2>err
ok "what else publishes warns" grep -q "warning: 1 file of definitions is not in this sparse" err
cp -f whole.ffs p.ffs
exits "an emergency is published all the same" 0 "$FFC" rollback checkout -e production -r x --build p.ffs
ok "with the flags that are left out" sh -c '"$1" dump p.ffs | grep -q menu' - "$FFC"
git sparse-checkout set --no-cone /flags/all.yaml
is "several are counted" "$("$FFC" build -e production -o p.ffs 2>&1 | head -1 | cut -d' ' -f3-7)" \
    "2 files of definitions are"
git sparse-checkout disable
exits "a checkout that is whole again" 0 "$FFC" build -e production -o p.ffs
cd ..

ln -s dir/production.ffs link.ffs
"$FFC" build -e staging -o link.ffs >/dev/null
ok "a symbolic link stays" test -L link.ffs
ok "and what it points to is replaced" cmp -s dir/production.ffs dir/staging.ffs
finish
