#!/bin/bash
# What `make install` puts somewhere works there, and `make uninstall` takes all of it away again.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib.sh
need nm pkg-config

# `make check SANITIZE=…` passes it on; what links the archive must be built alike.
sanitize=${SANITIZE:-} signatures=${SIGNATURES:-}
root=$scratch/root
make_here() { make -s BUILD="$BUILD" SANITIZE="$sanitize" SIGNATURES="$signatures" DESTDIR="$root" prefix=/opt/ffc "$@"; }
here=$root/opt/ffc

ok 'make install' make_here install
for file in bin/ffc bin/ffreplay lib/libfflag.a lib/libfflag.so include/fflag.h \
    include/fflag/snapshot.h include/fflag/operations.def include/fflag/private.h lib/pkgconfig/fflag.pc share/man/man1/ffc.1; do
    ok "installs $file" test -s "$here/$file"
done
is 'every function has a manual page' "$(ls "$here/share/man/man3")" \
    "$( (echo fflag.3; echo fflag_signatures.3
        grep -o '^ *fflag_[a-z_]*;' runtime/fflag.map | tr -d ' ' | sed 's/;/.3/') | LC_ALL=C sort)"
is 'or the name of one that is there' \
    "$(cd "$here/share/man" && sed -n 's/^\.so //p' man3/* | sort -u | xargs ls | wc -l)" \
    "$(cd "$here/share/man" && sed -n 's/^\.so //p' man3/* | sort -u | wc -l)"
version=$(sed -n 's/^#define FFLAG_VERSION_[A-Z]* //p' include/fflag.h | paste -sd.)
is 'the shared library has its soname' \
    "$(objdump -p "$here/lib/libfflag.so" | awk '$1 == "SONAME" { print $2 }')" "libfflag.so.${version%%.*}"
is 'it links nothing but libc' \
    "$(objdump -p "$here/lib/libfflag.so" | awk '$1 == "NEEDED" && $2 !~ /^lib(c|asan|ubsan|tsan|m|gcc_s'"${signatures:+|sodium}"')\.so/ { print $2 }')" ''
is 'what it exports begins with fflag_' \
    "$(nm -D --defined-only "$here/lib/libfflag.so" | awk '$2 != "A" { print $3 }' | grep -v '^fflag_')" ''
is 'it exports every function of the header' \
    "$(nm -D --defined-only "$here/lib/libfflag.so" | sed -n 's/.* T \(fflag_[a-z_]*\).*/\1/p' | sort)" \
    "$(tr '\n' ' ' <include/fflag.h | grep -oE 'FFLAG_API [^;(]*\(' | grep -oE 'fflag_[a-z_]+\($' | tr -d '(' | sort)"

export PKG_CONFIG_LIBDIR=$here/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
is 'pkg-config knows the version' "$(pkg-config --modversion fflag)" "$version"
cat >"$scratch/program.c" <<'C'
#include <fflag.h>
#include <fflag/snapshot.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    fflag_store *store;
    if (ffs_operand_of(FFS_STRING_IN) != FFS_OPERAND_SET)
        return 1;
    if (argc != 2 || fflag_open(&store, argv[1], NULL) != FFLAG_OK)
        return 1;
    const fflag_view *view = fflag_acquire(store);
    fflag_result result = fflag_evaluate_name(view, "debug-mode", NULL);
    printf("%s %s %s\n", fflag_version(), result.variant, fflag_reason_text(result.reason));
    fflag_release(view);
    fflag_close(store);
    return 0;
}
C
"$here/bin/ffc" build -C flags -e development -o "$scratch/development.ffs" >/dev/null 2>&1
[ -n "$sanitize" ] && flags=-fsanitize=$sanitize || flags=
# shellcheck disable=SC2046,SC2086 # pkg-config's output is words
{
    ok 'a program builds against the shared library' gcc $flags -o "$scratch/shared" "$scratch/program.c" \
        $(pkg-config --cflags --libs fflag)
    ok 'and against the archive' gcc $flags -o "$scratch/static" "$scratch/program.c" \
        $(pkg-config --cflags fflag) "$here/lib/libfflag.a" $(sed -n 's/^Libs.private: //p' "$here/lib/pkgconfig/fflag.pc")
    ok 'the header is C++, too' g++ $flags -x c++ -std=c++11 -Wall -Wextra -Werror -o "$scratch/plusplus" \
        "$scratch/program.c" $(pkg-config --cflags --libs fflag)
}
for program in shared static plusplus; do
    is "the $program program runs" \
        "$(LD_LIBRARY_PATH=$here/lib "$scratch/$program" "$scratch/development.ffs")" "$version on STATIC"
done

ok 'make uninstall' make_here uninstall
is 'leaves no file' "$(find "$root" ! -type d)" ''
is 'and no folder of its own' "$(find "$root" -type d -name '*fflag*')" ''

finish
