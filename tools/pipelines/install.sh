#!/bin/sh
# install.sh - installs a release of ffc where a pipeline runs. Needs curl, tar and sha256sum.
#   FFC_VERSION   which, "v0.1.0"
#   FFC_RELEASES  where releases lie, "https://github.com/OWNER/ffc/releases/download"
#   FFC_INTO      a folder to unpack it in
# On GitHub, later steps have its programs on their PATH, and FFC_PIPELINES, where operate.sh is.
set -eu
version=${FFC_VERSION#v}
case $version in
'' | *[!0-9.]*)
    echo "install.sh: FFC_VERSION is '${FFC_VERSION}', which names no release such as v0.1.0" >&2
    exit 2
    ;;
esac
name=ffc-$version-linux-$(uname -m)
mkdir -p "$FFC_INTO"
cd "$FFC_INTO"
for file in "$name.tar.gz" "$name.tar.gz.sha256"; do
    curl --fail --silent --show-error --location --retry 3 --remote-name "$FFC_RELEASES/v$version/$file"
done
sha256sum --check --quiet "$name.tar.gz.sha256"
tar -xzf "$name.tar.gz" --strip-components=1
rm "$name.tar.gz" "$name.tar.gz.sha256"
bin/ffc --version
if [ -n "${GITHUB_PATH:-}" ]; then
    echo "$FFC_INTO/bin" >>"$GITHUB_PATH"
    echo "FFC_PIPELINES=$FFC_INTO/share/ffc/pipelines" >>"$GITHUB_ENV"
fi
