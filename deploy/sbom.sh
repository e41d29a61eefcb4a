#!/usr/bin/env bash
# Writes the binary's bill of materials as CycloneDX 1.5 in JSON: every crate of Cargo.lock that is compiled
# for it, with version, licence and checksum.
#
#   cargo install --locked cargo-cyclonedx@0.5.9   # once
#   deploy/sbom.sh task-api.cdx.json
#
# With SOURCE_DATE_EPOCH two runs in one folder write the same. SQLite, libpq and OpenSSL come in crates
# (libsqlite3-sys, pq-src, openssl-src), whose versions name theirs.
set -euo pipefail
target=$(realpath -m "${1:?the file to write}")
cd "$(dirname "$0")/.."

scratch=.sbom-$$
trap 'rm -f "$scratch.json"' EXIT
# Build dependencies are included, since OpenSSL is one. Test dependencies are not.
cargo cyclonedx --quiet --format json --spec-version 1.5 \
    --target "$(rustc -vV | sed -n 's/^host: //p')" --override-filename "$scratch"

# Each with an address and a licence.
jq -e '.bomFormat == "CycloneDX" and .specVersion == "1.5" and .metadata.component.name == "task-api"
    and (.components | length > 0) and (.components | all(.purl and .licenses))' "$scratch.json" >/dev/null
mv "$scratch.json" "$target"
echo "$target: $(jq '.components | length' "$target") components"
