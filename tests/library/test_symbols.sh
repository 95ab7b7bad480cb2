#!/bin/bash
# What the library shows: exactly what the header declares, to C and to C++.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh
need nm readelf
BUILD=${BUILD:-$top/build}
library=$(echo "$BUILD"/libfflag.so.*.*.*)
header=$top/include/fflag.h

declared() {
    tr '\n' ' ' <"$header" | grep -o 'FFLAG_API [^;(]*(' | grep -o 'fflag_[a-z_]*($\|fflag_[a-z_]* *($' |
        tr -d ' (' | sort
}
mapped() { grep -o '^ *fflag_[a-z_]*;' "$top/runtime/fflag.map" | tr -d ' ;' | sort; }
exported() { nm -D --defined-only "$library" | awk '$2 != "A" {sub("@.*", "", $3); print $3}' | sort; }
needed() { readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v "san\.so${SIGNATURES:+\|libsodium}"; }
soname() { readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'; }
# What a library must never do to its host.
forbidden() {
    nm -D --undefined-only "$library" | awk '{sub("@.*", "", $2); print $2}' |
        grep -xE 'printf|fprintf|puts|fputs|vprintf|vfprintf|exit|_exit|abort|signal|sigaction|pthread_atfork|atexit'
}

ok "the header declares something" test "$(declared | wc -l)" -gt 30
is "the symbol map names what the header declares" "$(mapped)" "$(declared)"
is "the library exports what the symbol map names" "$(exported)" "$(mapped)"
is "the soname carries the major version" "$(soname)" \
    "libfflag.so.$(sed -n 's/^#define FFLAG_VERSION_MAJOR //p' "$header")"
if nm -D "$library" | grep -q '__[at]san_\|__ubsan_'; then
    skip "it needs nothing but libc" "a sanitizer is linked in"
    skip "it neither prints, exits nor takes signals" "a sanitizer is linked in"
else
    is "it needs nothing but libc" "$(needed)" "libc.so.6"
    is "it neither prints, exits nor takes signals" "$(forbidden)" ""
fi

cat >"$scratch/use.cc" <<'END'
#include <fflag.h>
#include <fflag/snapshot.h>

int main()
{
    fflag_options options = FFLAG_OPTIONS_INIT;
    fflag_context context;
    fflag_context_init(&context);
    return options.size != sizeof options || fflag_set_number(&context, 0, 1) != FFLAG_OK;
}
END
strict="-Wall -Wextra -Wpedantic -Werror -I$top/include"
# shellcheck disable=SC2086 # a list of options
for compiler in "g++ -std=c++11" "g++ -std=c++20" "gcc -x c -std=c11" "gcc -x c -std=c17"; do
    source=$scratch/use.cc
    case $compiler in gcc*)
        source=$scratch/use.c
        sed 's/fflag_options options/struct &/; s/main()/main(void)/' "$scratch/use.cc" >"$source"
        ;;
    esac
    ok "the headers compile with $compiler" $compiler $strict -fsyntax-only "$source"
done
finish
