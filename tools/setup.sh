#!/bin/sh
# Installs the Debian packages that the named jobs need, says which, and does nothing when all are
# there. Usage: tools/setup.sh build|check|lint|bench|fuzz|engines ...
set -eu

packages_build="gcc g++ make pkg-config libyaml-dev libxxhash-dev libsodium-dev libjansson-dev
    libsimdjson-dev libisal-dev libzstd-dev binutils"
packages_check="libcmocka-dev python3 python3-yaml python3-xxhash python3-jsonschema libuv1-dev util-linux procps minisign zstd valgrind
    libfyaml-utils node-yaml tzdata git curl jq pre-commit"
packages_lint="clang-format-14 shellcheck git mandoc python3"
packages_bench="nodejs npm zstd"
packages_fuzz="clang"
packages_engines="parallel openssh-server openssh-client postgresql postgresql-client"

wanted=
for job in "$@"; do
    case $job in
    build) wanted="$wanted $packages_build" ;;
    check)
        wanted="$wanted $packages_check"
        command -v node >/dev/null || wanted="$wanted nodejs"
        ;;
    lint) wanted="$wanted $packages_lint" ;;
    bench)
        # Node is often there from elsewhere, with an npm that is not a package of its own.
        command -v node >/dev/null && command -v npm >/dev/null || wanted="$wanted $packages_bench"
        ;;
    fuzz) wanted="$wanted $packages_fuzz" ;;
    engines) wanted="$wanted $packages_engines" ;;
    *)
        echo "setup: unknown job '$job' (expected build, check, lint, bench, fuzz or engines)" >&2
        exit 2
        ;;
    esac
done

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    case $status in
    ii*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

echo "setup: installing$missing" >&2
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: not root and no sudo; run as root: apt-get install$missing" >&2
        exit 2
    fi
    as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
# dpkg's own progress is left out; what goes wrong is not. A first failure is most often a machine that
# has no package lists yet.
# shellcheck disable=SC2086 # the lists are words on purpose
install() {
    $as_root apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing </dev/null >/dev/null
}
if ! install 2>/dev/null; then
    $as_root apt-get update -qq >&2
    install
fi
