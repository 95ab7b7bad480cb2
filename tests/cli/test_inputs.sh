#!/bin/bash
# What a project is read from: regular files inside it, each once, whatever their bytes begin with.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 2

check() { timeout 240 "$FFC" check --now 2026-11-20T12:00:00Z "$@" 2>&1; }
last() { check -C "$1" | tail -1; }
project() {
    rm -rf "$1" && mkdir -p "$1"
    cat >"$1/project.yaml" <<'END'
project: {name: shop, environments: [live], bucket_by: user}
attributes: {user: string}
segments: {vip: {if: {user: {in_file: vip.txt}}}}
flags: {a: {rules: [{if: {segment: vip}, serve: on}]}}
END
    echo u1 >"$1/vip.txt"
}

# ---- byte order marks, line ends, blanks ----
eval_all() { "$FFC" eval a -C p -e live --contexts - | cut -d' ' -f4 | tr '\n' ' '; }
project p
printf '\357\273\277u1\r\n\tu2 \t\r\n' >p/vip.txt
is "a byte order mark, blanks and a carriage return are no part of a list's lines" \
    "$(printf '{"user": "u%d"}\n' 1 2 3 | eval_all)" "true true false "
is "nor is a mark of contexts" "$(printf '\357\273\277{"user": "u1"}\r\n{"user": "u3"}\r\n' | eval_all)" "true false "

# ---- what is not a file ----
for what in fifo directory device nothing; do
    project p
    rm p/vip.txt
    case $what in
    fifo) mkfifo p/vip.txt ;;
    directory) mkdir p/vip.txt ;;
    device) ln -s /dev/zero p/vip.txt ;;
    esac
    is "a list that is a $what is refused" "$(check -C p | grep -o 'FF[0-9]*')" FF0248
done
project p
mkfifo p/more.yaml
is "definitions in a fifo are refused" "$(check -C p | grep -o 'FF[0-9]*')" FF0401

# ---- links ----
project p
mkdir other && echo u9 >other/list.txt && echo 'flags: {b: {serve: on}}' >other/b.yaml
ln -sf ../other/list.txt p/vip.txt
is "a list may not be a link out of the project" "$(check -C p | grep -o 'FF[0-9]*')" FF0249
project p
mkdir p/lists && mv p/vip.txt p/lists/ && ln -s lists/vip.txt p/vip.txt
is "one inside the project may" "$(last p)" "no problems in 1 file"
project p
mkdir p/lists && ln -s /etc p/lists/etc && ln -sf lists/etc/passwd p/vip.txt
is "nor by a link to a directory" "$(check -C p | grep -o 'FF[0-9]*' | sort | tr '\n' ' ')" "FF0249 FF0403 "
project p
ln -s ../other/b.yaml p/b.yaml
is "definitions may not be a link out of the project" "$(check -C p | grep -o 'FF[0-9]*')" FF0401
project p
ln -s ../other p/team
is "nor a directory of them" "$(check -C p | grep -o 'FF[0-9]*')" FF0403
project p
mkdir p/..data && mv p/project.yaml p/..data/ && ln -s ..data/project.yaml p/project.yaml
is "a link to a file inside it is read, as in a mounted config map" "$(last p)" "no problems in 1 file"
project p
mkdir p/z && echo 'flags: {b: {serve: on}}' >p/z/b.yaml && ln -s z p/a && ln -s . p/z/loop
is "a directory that links lead to is read once" "$(last p)" "no problems in 2 files"
is "and is shown by its own path" "$(echo 'flags: {b: {serv: on}}' >p/z/b.yaml; check -C p | head -1 | cut -d: -f1)" p/z/b.yaml
project p
mkdir p/_hidden && echo 'flags: {b: {serve: on}}' >p/_hidden/b.yaml && ln -s _hidden p/team
is "one that only a link leads to is read" "$(last p)" "no problems in 2 files"
ln -s p q
is "the project itself may be a link" "$(last q)" "no problems in 2 files"
project p
for i in {0..30}; do mkdir "p/x$i"; done
for i in {0..29}; do ln -s "../x$((i + 1))" "p/x$i/a" && ln -s "../x$((i + 1))" "p/x$i/b"; done
is "links do not multiply directories" "$(last p)" "no problems in 1 file"
finish
