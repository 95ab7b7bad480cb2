#!/bin/bash
# Everything a reviewer should not have to say. Prints findings as path:line: text and exits 1 when there
# are any; the last line is the verdict. Usage: tools/lint.sh [BUILD] (for the programs whose output
# the documents hold).
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build}
export LC_ALL=C.UTF-8

# A check whose program is missing would find nothing.
for program in clang-format-14 shellcheck git mandoc python3; do
    if ! command -v $program >/dev/null; then
        echo "lint: $program is not installed ('make lint' installs what is needed)" >&2
        exit 2
    fi
done

findings=$(mktemp -d) || exit 2
trap 'rm -rf "$findings"' EXIT

# files PATTERN…: what git has or would add, and what is still there.
files() {
    git ls-files -co --exclude-standard -- "$@" | while read -r file; do
        [ -f "$file" ] && [ ! -L "$file" ] && echo "$file"
    done
}
mapfile -t sources < <(files '*.c' '*.h' '*.cc')
mapfile -t scripts < <(files '*.sh' .ci/run)
mapfile -t documents < <(files '*.md')
# Golden output is what a program printed, and bad data is bad on purpose.
mapfile -t texts < <(files . ':!LICENSE' ':!tests/golden' ':!tests/bad-data' ':!tests/cli' \
    ':!tests/fuzz/corpus')

formatting() {
    clang-format-14 --dry-run -Werror "${sources[@]}" 2>&1 |
        sed -nE 's/^([^ :]+:[0-9]+):[0-9]+: .*/\1: not as clang-format has it/p' | uniq
}

# clang-format leaves comments as they are laid out.
widths() {
    grep -nE '^.{101}' "${sources[@]}" | sed -E 's/^([^:]+:[0-9]+):.*/\1: more than 100 columns/'
}

# Prose is filled to 100 columns, too; tables, code and headings are not prose.
prose() {
    awk 'FNR == 1 { code = 0 }
        /^ *```/ { code = !code; next }
        code || /^(    | *[|#])/ { next }
        { print FILENAME ":" FNR ":" $0 }' "${documents[@]}" |
        sed -nE 's/^([^:]+:[0-9]+):.{101}.*/\1: more than 100 columns/p'
}

# The table in docs/architecture.md: which folders a folder may use. What no other file uses is static.
layers() {
    python3 tools/layers.py "$build"
}

# library FOLDER-PATTERN HEADERS: the libraries whose headers only those files may include.
library() {
    local pattern=$1 headers=$2
    grep -nE "^ *# *include <($headers)" "${sources[@]}" | grep -vE "^($pattern)" |
        sed -E 's/:([0-9]+):.*<(.*)>.*/:\1: <\2> may not be included here/'
}

libraries() {
    library 'compiler/|tools/bench/|tests/' 'yaml\.h'
    library 'compiler/|tools/|tests/' 'jansson\.h'
    library 'compiler/|tools/|tests/|runtime/signature_sodium\.c' 'sodium'
    library 'tools/ffreplay/logs/simdjson\.h|tests/' 'simdjson'
    library 'tools/ffreplay/logs/unpack\.c|tests/' 'isa-l/igzip_lib|zstd'
}

# uses PATTERN WHY FILE…: calls of functions, outside of lines that are comments.
uses() {
    local pattern=$1 why=$2
    shift 2
    [ $# -gt 0 ] || return 0
    grep -nE "(^|[^A-Za-z0-9_.>\"'\`])($pattern) ?\(" "$@" /dev/null |
        grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)' |
        sed -E "s/^([^:]+:[0-9]+):.*[^A-Za-z0-9_]($pattern) ?\(.*/\1: '\2' $why/; s/^([^:]+:[0-9]+):($pattern) ?\(.*/\1: '\2' $why/"
}

banned() {
    local -a runtime product
    mapfile -t product < <(printf '%s\n' "${sources[@]}" | grep -v '^tests/')
    uses 'strcpy|strcat|strncat|strncpy|stpcpy|sprintf|vsprintf|gets|alloca' 'has no bound' "${sources[@]}"
    uses 'strtok|gmtime|localtime|ctime|asctime|setlocale|putenv|rand|srand' 'is not thread-safe' "${sources[@]}"
    uses 'atoi|atol|atoll|atof|sscanf' 'hides what does not parse' "${sources[@]}"
    uses 'tmpnam|tempnam|mktemp|system|popen' 'is unsafe' "${product[@]}"
    grep -nE '(fputs?|fputc|putc|fwrite|v?fprintf|perror)\(.*\bstderr\b|\b(stderr,$|perror\()' "${product[@]}" |
        grep -E '^(compiler|tools/ffreplay)/' |
        grep -vE '^compiler/(cli/messages|base/memory)\.c:' |
        sed -E 's/^([^:]+:[0-9]+):.*/\1: a message is printed by what compiler\/cli\/messages.h has/'
    mapfile -t runtime < <(files 'runtime/*.c' 'runtime/*.h')
    uses 'printf|fprintf|puts|fputs|putchar|perror' 'prints: the library never does' "${runtime[@]}"
    uses 'exit|_exit|abort|signal|sigaction|atexit|pthread_atfork' 'belongs to the program, not the library' \
        "${runtime[@]}"
}

# What a metric's kind means is in its file, and its traits in its row: nobody else asks which it is.
metric_kinds() {
    local kinds
    kinds=$(sed -n 's/^METRIC_KIND(\([A-Z_]*\),.*/\1/p' compiler/model/metric_kinds.def 2>/dev/null | paste -sd'|')
    [ -n "$kinds" ] || return 0
    grep -noE "\bMETRIC_($kinds)\b" "${sources[@]}" | grep -v '^tests/' |
        sed -E 's/^([^:]+:[0-9]+):(.*)/\1: \x27\2\x27: ask for a trait of the kind, or give metrics\/kinds\/ the code/'
}

# An option that several commands have is a row of compiler/cli/option_rows.h, not written by hand.
option_rows() {
    local rows
    rows=$(grep -oE '\{"[a-z-]+", +[^,]+, +OPTION_[A-Z]+' compiler/cli/option_rows.h 2>/dev/null |
        paste -sd'|')
    [ -n "$rows" ] || return 0
    grep -nE "($rows)" "${sources[@]}" | grep -v '^compiler/cli/option_rows\.h:' |
        sed -E 's/^([^:]+:[0-9]+):.*\{"([a-z-]+)".*/\1: --\2 has a row in compiler\/cli\/option_rows.h/'
}

# What others wrote is escaped before it is printed.
screens() {
    python3 tools/screens.py
}

# Tests may be longer: they are tables and read from top to bottom.
sizes() {
    wc -l "${sources[@]}" "${scripts[@]}" | awk '$2 != "total" {
        most = $2 ~ /^tests\// ? 1200 : 900
        if ($1 > most) print $2 ":" most ": " $1 " lines, of " most " at most" }'
}

# A file opens with what it is for.
openings() {
    awk 'FNR == 1 { line = 1 }
        FNR == 1 && /SPDX/ { line = 2 }
        FNR == line && !/^\/\*/ { print FILENAME ":1: does not open with a comment" }' "${sources[@]}"
}

# What becomes part of other people's programs says in each file under what licence.
licences() {
    local -a shipped
    mapfile -t shipped < <(files 'runtime/*' 'include/*')
    awk 'FNR == 1 && !/SPDX-License-Identifier: Apache-2\.0/ {
        print FILENAME ":1: does not begin with \047SPDX-License-Identifier: Apache-2.0\047" }' "${shipped[@]}"
}

labels() {
    grep -nE '\b(TODO|FIXME|XXX)\b' "${sources[@]}" "${scripts[@]}" | grep -v '^tools/lint.sh:' |
        sed -E 's/^([^:]+:[0-9]+):.*/\1: work for later belongs in an issue/'
}

whitespace() {
    grep -nIE '[[:space:]]+$' "${texts[@]}" | sed -E 's/^([^:]+:[0-9]+):.*/\1: space at the end of the line/'
    grep -nIE $'^ *\t' "${sources[@]}" "${scripts[@]}" | sed -E 's/^([^:]+:[0-9]+):.*/\1: a tab/'
    python3 - "${texts[@]}" <<'EOF'
import sys
for path in sys.argv[1:]:
    text = open(path, "rb").read()
    if text and not text.endswith(b"\n") and b"\0" not in text:
        print(f"{path}:{text.count(10) + 1}: no newline at the end of the file")
EOF
}

# Nothing that .gitignore names is kept.
kept() {
    git ls-files -ci --exclude-standard | sed 's/$/:1: is kept although .gitignore names it/'
}

shell() {
    # SC1091, SC2154: tests/lib.sh and its variables. SC2016: $ and ` that are meant as they stand.
    # SC2001, SC2013: sed, and lists of words, have their uses. SC2317: functions called by name.
    shellcheck -x -f gcc -e SC1091,SC2001,SC2013,SC2016,SC2154,SC2317 "${scripts[@]}"
}

# Every page, manual and example is reachable: README.md links docs/README.md, and that links each file
# of docs/, or its folder.
index() {
    local file page
    grep -qF '](docs/README.md)' README.md || echo "README.md:1: does not link docs/README.md"
    while read -r file; do
        page=${file#docs/}
        [ "$page" = README.md ] || grep -qE "\]\((${page//./\\.}|${page%/*}/)\)" docs/README.md ||
            echo "$file:1: docs/README.md does not link it"
    done < <(files 'docs/*')
}

# `make target` in a document names a target that is there; links and paths name files that are.
documents() {
    local file number target link
    grep -noE '(`|^    |^\$ )make( -[a-zA-Z]+)* [a-z][a-z-]*' "${documents[@]}" |
        while IFS=: read -r file number target; do
            target=${target##* }
            grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" Makefile ||
                echo "$file:$number: no target '$target' in the Makefile"
        done
    grep -noE '\]\([^)#:]+\)' "${documents[@]}" | while IFS=: read -r file number link; do
        link=${link#](}
        link=${link%)}
        [ -e "$(dirname "$file")/$link" ] || echo "$file:$number: no file '$link'"
    done
    # A source named in backquotes, as `compiler/files/edit.c`.
    grep -noE '`(compiler|docs|include|runtime|tests|tools)/[a-zA-Z0-9_./-]+`' "${documents[@]}" |
        while IFS=: read -r file number link; do
            link=${link//\`/}
            case $link in
            *nnnn*) ;;
            *) [ -e "$link" ] || echo "$file:$number: no file '$link'" ;;
            esac
        done
}

generated() {
    diff -u docs/diagnostics.md <("$build/ffc" explain --all --markdown) >/dev/null ||
        echo "docs/diagnostics.md:1: is not what 'ffc explain --all --markdown' prints"
    diff -u <(sed -n '/^| operator |/,/^$/p' docs/language.md) \
        <("$build/ffc" explain --operators --markdown && echo) >/dev/null ||
        echo "docs/language.md:1: the operators are not as 'ffc explain --operators --markdown' prints them"
    diff <(awk -v RS= '/^<!-- the keys of /' docs/language.md | sort) \
        <("$build/ffc" schema --markdown | awk -v RS= '/^<!-- the keys of /' | sort) |
        sed -n 's/^[<>] |* *`\([a-z_]*\)`.*/\1/p' | sort -u |
        sed 's/.*/docs\/language.md:1: the key `&` is not as `ffc schema --markdown` prints it/'
}

manuals() {
    files 'docs/man/*.[1-9]' | xargs mandoc -T lint -W warning 2>&1 |
        sed -nE 's/^mandoc: ([^ :]+:[0-9]+):[0-9]+: ([A-Z]+): /\1: /p'
}

checks=(formatting widths prose layers libraries banned metric_kinds option_rows screens sizes openings licences labels
    whitespace kept shell index documents generated manuals)
for check in "${checks[@]}"; do
    $check >"$findings/$check" &
done
wait

cd "$findings" || exit 2
cat "${checks[@]}"
count=$(cat "${checks[@]}" | wc -l)
if [ "$count" -gt 0 ]; then
    echo "lint: $count findings"
    exit 1
fi
echo "lint: ${#sources[@]} sources, ${#scripts[@]} scripts, ${#documents[@]} documents: clean"
