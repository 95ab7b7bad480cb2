#!/bin/bash
# How the library and the programs are built: alike in every folder, by gcc and by clang, hardened; and
# an archive that stands in the way of nothing in its host. With LONG=1 also what takes minutes.
# Runs: first, being long.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh
need nm readelf
BUILD=${BUILD:-$top/build}
export CCACHE_DISABLE=1

if [ -n "${SANITIZE:-}${VALGRIND:-}${SIGNATURES:-}" ]; then
    skip "how it is built" "it is another build than is installed"
    finish
fi

# ------------------------------------------------------------------------------------- the archive --

archive=$BUILD/libfflag.a
# Every function that the library has within, as one of the host's own.
{
    echo '#include <fflag.h>'
    nm -g --defined-only "$BUILD/libruntime.a" | awk '$2 == "T" && $3 !~ /^fflag_/ {
        print "int " $3 "(void);\nint " $3 "(void) { return 0; }"}' | sort -u
    echo 'int main(void) { fflag_store *s; return fflag_open(&s, "/nonexistent", NULL) != FFLAG_ERROR_IO; }'
} >"$scratch/host.c"
ok "a host has many a name that the library has within" test "$(grep -c ^ "$scratch/host.c")" -gt 60
ok "and links with the archive" gcc -w -Iinclude -o "$scratch/host" "$scratch/host.c" "$archive" -pthread
ok "and runs" "$scratch/host"

# ---------------------------------------------------------------------------------- the hardening --

flags_of() { readelf -dW "$1" | sed -n 's/.*(FLAGS[_1]*)//p'; }
# hardened FILE: what the loader and the compiler do for it.
hardened() {
    is "${1##*/} is loaded at any address" "$(readelf -hW "$1" | awk '$1 == "Type:" {print $2}')" DYN
    ok "${1##*/} has its addresses written once" grep -q BIND_NOW <(flags_of "$1")
    ok "${1##*/} has them read-only then" grep -q GNU_RELRO <(readelf -lW "$1")
    ok "${1##*/} guards its stack" grep -q __stack_chk_fail <(nm -D "$1")
    ok "${1##*/} checks lengths" grep -q '__[a-z]*_chk' <(nm -D "$1" | grep -v stack_chk)
    is "${1##*/} has no stack that runs" "$(readelf -lW "$1" | grep GNU_STACK | grep -c RWE)" 0
}
hardened "$(echo "$BUILD"/libfflag.so.*.*.*)"
hardened "$BUILD/ffc"
hardened "$BUILD/ffreplay"
ok "the library stays where it is loaded" grep -q NODELETE <(flags_of "$(echo "$BUILD"/libfflag.so.*.*.*)")

# ---------------------------------------------------------------------------------- reproducible --

# The same sources in folders of other names, built at other times.
targets="build/libfflag.a build/$(basename "$(echo "$BUILD"/libfflag.so.*.*.*)")"
sources="Makefile include runtime"
if [ -n "${LONG:-}" ]; then
    targets="$targets build/ffc build/ffreplay"
    sources="$sources compiler tools"
fi
for folder in "$scratch/one" "$scratch/a folder/of another length"; do
    mkdir -p "$folder"
    # shellcheck disable=SC2086 # lists of words
    tar -c $sources | tar -x -C "$folder"
    # shellcheck disable=SC2086 # lists of words
    ok "a build in '${folder#"$scratch"/}'" make -s -C "$folder" $targets
done
for target in $targets; do
    ok "${target#*/} is the same bytes in both" cmp "$scratch/one/$target" "$scratch/a folder/of another length/$target"
    is "${target#*/} does not say where it was built" "$(grep -c "$scratch" "$scratch/one/$target")" 0
done

# ------------------------------------------------------------------------------------ the compilers --

# Unit tests of the library that need no other part, with the parts of this build around them.
unit_tests="conditions context counters evaluate verify"
[ -z "${LONG:-}" ] || unit_tests="$unit_tests bucket exposure fork reload store verify_code verify_damage verify_tables"
parts="$BUILD/libreplay.a $BUILD/libcommands.a $BUILD/libffc.a"
around="-lcmocka -lsimdjson -lzstd -lisal -lyaml -ljansson -lsodium -lm -pthread"

# built_by COMPILER LEVEL: the library, warnings being errors, and its unit tests.
built_by() {
    local name="$1 $2" build=$scratch/$1$2 test
    if ! command -v "$1" >/dev/null; then
        skip "$name builds the library" "$1 is not installed"
        return
    fi
    ok "$name builds the library" make -s DEV=1 BUILD="$build" CC="$1" CFLAGS="$2 -g" "$build/libfflag.a" \
        "$build/libruntime.a" "$build/obj/runtime/signature_sodium.o" "$build/$(basename "$(echo "$BUILD"/libfflag.so.*.*.*)")"
    ok "$name: the archive needs libc alone" "$1" -w -Iinclude -o "$build/host" "$scratch/host.c" \
        "$build/libfflag.a" -pthread
    for test in $unit_tests; do
        # shellcheck disable=SC2086 # a list of options
        ok "$name passes test_$test" sh -c 'g++ -o "$0" "$@" && LONG= CMOCKA_MESSAGE_OUTPUT=TAP "$0"' "$build/$test" \
            "$BUILD/obj/tests/unit/test_$test.o" "$build/obj/runtime/signature_sodium.o" $parts \
            "$build/libruntime.a" $around
    done
}
if [ -n "${LONG:-}" ]; then
    for compiler in gcc clang; do
        for level in -O0 -O1 -O2 -O3; do built_by $compiler $level; done
    done
else
    built_by gcc -O0
    built_by clang -O2
fi
finish
