#!/bin/bash
# Lint finds what it claims to: a small clean tree, and then one fault at a time.
# Runs: first, being long.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh

for program in $(sed -n 's/^for program in \(.*\); do$/\1/p' tools/lint.sh); do
    if ! command -v "$program" >/dev/null; then
        skip "lint finds faults" "$program is not installed"
        finish
    fi
done

tree=$scratch/tree
licence=$'/* SPDX-License-Identifier: Apache-2.0 */\n'
architecture() {
    printf '%s\n' '# Architecture' '' '| folder | is | may use |' '| --- | --- | --- |' \
        '| `include/` | the interface | nothing |' '| `runtime/` | the library | `include/` |' \
        '| `compiler/model/` | the model | nothing |' \
        '| `compiler/commands/` | commands | `compiler/model/` |'
}
clean_tree() {
    rm -rf "$tree"
    mkdir -p "$tree"/{include,runtime,compiler/model,compiler/commands,tools,docs/man,build/obj/runtime}
    cp tools/lint.sh tools/layers.py tools/screens.py "$tree/tools"
    architecture >"$tree/docs/architecture.md"
    cp .clang-format "$tree"
    printf '#!/bin/sh\n[ "$2" = --all ] && echo registry || echo "| operator | registry |"\n' >"$tree/build/ffc"
    chmod +x "$tree/build/ffc"
    echo registry >"$tree/docs/diagnostics.md"
    printf 'Operators:\n\n| operator | registry |\n\nOthers there are none.\n' >"$tree/docs/language.md"
    printf '.TH ONE 1 2026-11-21\n.SH NAME\none \\- a page\n' >"$tree/docs/man/one.1"
    printf '%s\n' /build/ /tools/lint.sh /tools/layers.py /tools/screens.py >"$tree/.gitignore"
    printf '#!/bin/sh\necho fine\n' >"$tree/tools/fine.sh"
    printf 'check:\n\ttrue\n' >"$tree/Makefile"
    # shellcheck disable=SC2016 # backquotes are Markdown
    echo 'Run `make check`; see [the documentation](docs/README.md).' >"$tree/README.md"
    printf '[%s](%s)\n' layers architecture.md codes diagnostics.md language language.md manuals man/ >"$tree/docs/README.md"
    printf '%s/* The interface. */\nint fflag_one(void);\n' "$licence" >"$tree/include/fflag.h"
    printf '/* The model. */\nint model(void);\n' >"$tree/compiler/model/model.h"
    printf '%s/* One. */\n#include "fflag.h"\nint fflag_one(void)\n{\n    return 1;\n}\n' "$licence" >"$tree/runtime/one.c"
    printf '/* Check. */\n#include "compiler/model/model.h"\n' >"$tree/compiler/commands/check.c"
    git -C "$tree" init -q
}
lint() { (cd "$tree" && GIT_CEILING_DIRECTORIES=$scratch tools/lint.sh build 2>&1); }

clean_tree
ok 'a clean tree passes' lint
is 'and says so' "$(lint | tail -1 | sed 's/.*: //')" clean

# finds NAME FILE TEXT EXPECTED: appends the text to the file; lint must fail, with that finding.
finds() {
    clean_tree
    # shellcheck disable=SC2059 # the text has escapes
    printf "$3" >>"$tree/$2"
    lint >"$scratch/found"
    local status=$?
    is "finds $1" "$(grep -cE "^$4" "$scratch/found")" 1
    is '… and nothing else' "$(wc -l <"$scratch/found")" 2
    is '… and fails' $status 1
}
finds 'unformatted code' runtime/one.c 'int  two(void);\n' 'runtime/one.c:8: not as clang-format'
finds 'a line that is too long' runtime/one.c "/* $(printf '%097d' 0) */\n" 'runtime/one.c:8: more than 100'
finds 'a line of prose that is too long' README.md "$(printf '%0101d' 0)\n" 'README.md:2: more than 100'
finds 'a page without a link' docs/new.md 'New.\n' 'docs/new.md:1: docs/README.md does not link it'
finds 'the library including the compiler' runtime/one.c '#include "../compiler/model/model.h"\n' \
    "runtime/one.c:8: 'runtime' may not include 'compiler/model/model.h'"
finds 'folders that use one another' docs/architecture.md '| `include/` | again | `runtime/` |\n' \
    'docs/architecture.md:9: folders that use one another: include → runtime → include'
finds 'a folder without a row' docs/architecture.md '| `include/` | again | `tests/` |\n' \
    "docs/architecture.md:9: 'include' uses 'tests', which has no row"
finds 'the library including a parser' runtime/one.c '#include <yaml.h>\n' 'runtime/one.c:8: <yaml.h> may not'
finds 'a function without a bound' compiler/commands/check.c \
    'void f(char *a)\n{\n    strcpy(a, "a");\n}\n' "compiler/commands/check.c:5: 'strcpy' has no bound"
clean_tree
printf '/* Kinds. */\nMETRIC_KIND(MEAN, mean)\n' >"$tree/compiler/model/metric_kinds.def"
printf 'int kind = METRIC_MEAN;\n' >>"$tree/compiler/commands/check.c"
is 'finds who asks for the kind of a metric' \
    "$(lint | grep -c "^compiler/commands/check.c:3: 'METRIC_MEAN': ask for a trait")" 1
clean_tree
mkdir "$tree/compiler/cli"
printf '/* Rows. */\n#define ALL {"all", 0, OPTION_FLAG}\n' >"$tree/compiler/cli/option_rows.h"
printf 'struct option all[] = {{"all", 0, OPTION_FLAG}};\n' >>"$tree/compiler/commands/check.c"
is 'finds an option that has a row' \
    "$(lint | grep -c '^compiler/commands/check.c:3: --all has a row in compiler/cli/option_rows.h')" 1
finds 'a screen that others can write on' compiler/commands/check.c \
    'void f(struct buffer *out, const char *name)\n{\n    buffer_format(out, "%%s!", name);\n}\n' \
    "compiler/commands/check.c:5: 'buffer_format' does not escape"
finds 'a library that prints' runtime/one.c 'void f(void)\n{\n    puts("a");\n}\n' "runtime/one.c:10: 'puts' prints"
clean_tree
echo 'Read the sources.' >"$tree/README.md"
is 'finds a README without the index' "$(lint | grep -c '^README.md:1: does not link docs/README.md')" 1
clean_tree
mkdir -p "$tree/build/obj/compiler/commands"
printf 'int alone(void);\nint alone(void)\n{\n    return 1;\n}\n' >>"$tree/compiler/commands/check.c"
cc -I"$tree" -c -o "$tree/build/obj/compiler/commands/check.o" "$tree/compiler/commands/check.c"
is 'finds what no other file uses' \
    "$(lint | grep -c "^compiler/commands/check.c:1: no other file uses 'alone': make it static")" 1
mkdir "$tree/tests"
printf '/* A test. */\nint alone(void);\n' >"$tree/tests/test_alone.c"
is 'but a test may' "$(lint | tail -1 | sed 's/.*: //')" clean
clean_tree
git -C "$tree" add -f build/ffc
is 'finds what git should not have' "$(lint | grep -c '^build/ffc:1: is kept although')" 1
later=TO
finds 'work for later' runtime/one.c "/* ${later}DO */\n" 'runtime/one.c:8: work for later'
finds 'space at the end of a line' README.md 'a \n' 'README.md:2: space'
finds 'a missing last newline' README.md 'a' 'README.md:2: no newline'
finds 'a dead link' README.md '[b](docs/b.md)\n' "README.md:2: no file 'docs/b.md'"
# shellcheck disable=SC2016 # as it would be in a document
finds 'a source that is not there' README.md 'See `runtime/two.c`.\n' "README.md:2: no file 'runtime/two.c'"
# shellcheck disable=SC2016 # as it would be in a document
finds 'a target that is not there' README.md '`make coffee`\n' "README.md:2: no target 'coffee'"
finds 'a mistake in a manual page' docs/man/one.1 '.SH SECTION\n.XX\n' 'docs/man/one.1:5: '
finds 'a registry that is out of date' docs/diagnostics.md 'more\n' 'docs/diagnostics.md:1: is not what'
finds 'a table that is out of date' docs/language.md '| operator | more |\n' 'docs/language.md:1: the operators are not'
# shellcheck disable=SC2016 # as it would be in a script
finds 'a faulty script' tools/a.sh '#!/bin/sh\ncd /\n[ $1 = 2 ]\n' 'tools/a.sh:3:3: note: Double quote'
finds 'a file of the library without a licence' runtime/two.map 'local: *;\n' 'runtime/two.map:1: does not begin'
finds 'a file of the library with a licence alone' runtime/b.c '/* SPDX-License-Identifier: Apache-2.0 */\nint b;\n' \
    'runtime/b.c:1: does not open'
finds 'a file without an opening' compiler/model/b.c 'int b;\n' 'compiler/model/b.c:1: does not open'
clean_tree
/usr/bin/python3 -c 'print("/* Long. */" + "\n" * 900)' >"$tree/compiler/long.h"
is 'finds a file that is too long' "$(lint | grep -c '^compiler/long.h:900: 901 lines')" 1

finish
