#!/bin/sh
# Packs the programs as a release, for machines without the libraries that they use: a .tar.gz with its
# SHA-256, and the script that installs it. Of the system it takes glibc alone.
# Usage: tools/release.sh BUILD VERSION, after make has linked BUILD/release/ffc and ffreplay.
set -eu
build=$1
name=ffc-$2-linux-$(uname -m)
into=$build/release/$name
rm -rf "$into"
mkdir -p "$into/bin" "$into/lib" "$into/share/ffc/pipelines"
cp "$build/release/ffc" "$build/release/ffreplay" "$into/bin"
ldd "$build/release/ffc" "$build/release/ffreplay" | awk '$2 == "=>" { print $1, $3 }' | sort -u |
    while read -r library path; do
        case $library in
        libc.so.* | libm.so.* | libpthread.so.* | libdl.so.* | librt.so.*) ;;
        *) cp -L "$path" "$into/lib/$library" ;;
        esac
    done
cp tools/pipelines/operate.sh tools/pipelines/review.py "$into/share/ffc/pipelines"
cp LICENSE "$into"
cd "$build/release"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c "$name" | gzip -n9 >"$name.tar.gz"
sha256sum "$name.tar.gz" >"$name.tar.gz.sha256"
cp "$OLDPWD/tools/pipelines/install.sh" .
rm -rf "$name"
echo "$build/release/$name.tar.gz"
