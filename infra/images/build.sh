#!/bin/sh
# Builds the images with buildah, without a daemon:  infra/images/build.sh [airflow] [spark] [train-gpu] [mlflow]
#   BASE=python@sha256:...     base image; unset: one is made from Debian's packages with debootstrap (needs root)
#   CA_BUNDLE=/path/to.crt     certificates of a proxy that opens TLS; only for a base that is made here
# Where no overlay file system or user namespace is to be had: STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot.
set -eu
cd "$(dirname "$0")/../.."

stop() {
    echo "$1 -> $2" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || stop "$1 is not installed" "install it (Debian: apt-get install $1)"
}

# Debian with Python 3.11 under the name localhost/causalrec-base; made once.
bootstrapped() {
    if buildah inspect --type image localhost/causalrec-base >/dev/null 2>&1; then return; fi
    need debootstrap
    [ "$(id -u)" = 0 ] || stop "debootstrap needs root" "run this as root once, or name an image: BASE=python:3.11-slim-bookworm"
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$root" >"$root.log" 2>&1 ||
        stop "debootstrap failed: $(tail -n 1 "$root.log")" "see $root.log; it needs a mirror of Debian"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    if [ -n "${CA_BUNDLE:-}" ]; then cp "$CA_BUNDLE" "$root/etc/ssl/certs/ca-certificates.crt"; fi
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    bundle=/etc/ssl/certs/ca-certificates.crt # Python's own clients do not look there by themselves
    buildah config --env SSL_CERT_FILE=$bundle --env PIP_CERT=$bundle --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd python3 "$container"
    buildah commit --quiet --rm "$container" localhost/causalrec-base >/dev/null
}

need buildah
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' causalrec/__init__.py)
if [ -z "${BASE:-}" ]; then
    bootstrapped
    BASE=localhost/causalrec-base
fi
[ $# -gt 0 ] || set -- airflow spark train-gpu mlflow
for role in "$@"; do
    buildah build --quiet --format docker --file infra/images/Dockerfile --build-arg "BASE=$BASE" --target "$role" --tag "causalrec-$role:$version" .
    echo "built causalrec-$role:$version"
done
