#!/bin/sh
# Puts Debian's prometheus into a directory, for the tests that ask a real one. The package itself is not
# installed: it would start a daemon. Usage: tools/setup_prometheus.sh DIRECTORY
set -eu
directory=${1:?usage: tools/setup_prometheus.sh DIRECTORY}
[ ! -x "$directory/usr/bin/prometheus" ] || exit 0
mkdir -p "$directory"
cd "$directory"
echo "setup: unpacking prometheus below $directory" >&2
# A first failure is most often a machine that has no package lists yet.
apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq >&2 && apt-get download -qq prometheus; }
dpkg -x prometheus_*.deb .
rm -f prometheus_*.deb
