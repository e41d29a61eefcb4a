#!/usr/bin/env bash
# Builds the image of the Dockerfile without a container engine and a registry: its last stage is run
# by buildah in a chroot, on a base made of Debian's packages. As root, on Debian 12, whose C library the image has:
#
#   apt-get install buildah ca-certificates mmdebstrap
#   deploy/image.sh task-api.tar
#   TASK_API_BINARY=target/release/task-api deploy/image.sh task-api.tar   # compiles nothing
#
# BASE=FILE is the base as a tarball of a root file system (none: mmdebstrap makes one). VERSION, REVISION, CREATED
# and SOURCE are the build arguments of the Dockerfile. `docker load -i` and `podman load -i` take the archive; it is
# one of Docker's, since an OCI image has no health check.
set -euo pipefail
target=$(realpath -m "${1:?the file to write}")
base=${BASE:+$(realpath "$BASE")}
binary=${TASK_API_BINARY:+$(realpath "$TASK_API_BINARY")}
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
# A storage that nothing else uses.
buildah() { command buildah --storage-driver vfs --root "$scratch/storage" --runroot "$scratch/run" "$@"; }
trap 'rm -rf "$scratch"' EXIT

if [ -z "$binary" ]; then
    cargo build --release --locked
    binary=$PWD/target/release/task-api
fi
mkdir "$scratch/context"
install -m 0755 "$binary" "$scratch/context/task-api"
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$scratch/context/"
if [ -z "$base" ]; then
    base=$scratch/base.tar
    mmdebstrap --quiet --variant=minbase bookworm "$base"
fi
ln "$base" "$scratch/context/base.tar" 2>/dev/null || cp "$base" "$scratch/context/base.tar"

# The Dockerfile's last stage, after stages that stand in for its base and for the files that it copies.
{
    cat <<'STAGES'
FROM scratch AS base
ADD base.tar /
FROM scratch AS build
COPY task-api /build/target/release/task-api
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
FROM base
STAGES
    # shellcheck disable=SC2016 # as it stands in the file
    sed '1,/^FROM ${RUNTIME_IMAGE}$/d' Dockerfile
} >"$scratch/Containerfile"

buildah build --isolation chroot --format docker --quiet --tag task-api \
    --build-arg VERSION="${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}" \
    --build-arg REVISION="${REVISION:-$(git rev-parse HEAD 2>/dev/null || true)}" \
    --build-arg CREATED="${CREATED:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}" --build-arg SOURCE="${SOURCE:-}" \
    --file "$scratch/Containerfile" "$scratch/context" >/dev/null
rm -f "$target"
buildah push --quiet task-api "docker-archive:$target:task-api:latest" >/dev/null
echo "$target: $(du -h "$target" | cut -f 1)"
