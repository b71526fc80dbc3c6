#!/usr/bin/env bash
# Builds the files of a release in target/dist: an archive with the program, its SBOM, and the SHA-256 checksums of both.
#
#   cargo install --locked cargo-cyclonedx --version 0.5.9
#   contrib/release.sh
#
# The same commit, toolchain and C compiler give the same bytes: paths and times of the machine are kept out.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'release: %s\n' "$*" >&2
    exit 1
}

cyclonedx=0.5.9
[ -z "$(git status --porcelain)" ] || fail "there are changes that no commit has: commit or remove them"
cargo cyclonedx --version 2>/dev/null | grep --quiet --fixed-strings --word-regexp "$cyclonedx" \
    || fail "the SBOM needs cargo-cyclonedx $cyclonedx: cargo install --locked cargo-cyclonedx --version $cyclonedx"

version=$(sed --quiet 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
grep --quiet --fixed-strings "## [$version]" CHANGELOG.md || fail "CHANGELOG.md has no section [$version]"
target=$(rustc --version --verbose | sed --quiet 's/^host: //p')
name=soracrawl-$version-$target
dist=$PWD/target/dist
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
SORACRAWL_COMMIT=$(git rev-parse --short=12 HEAD)
export SORACRAWL_COMMIT

cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="--remap-path-prefix=$PWD=. --remap-path-prefix=$cargo_home=cargo"
export CFLAGS="-ffile-prefix-map=$PWD=. -ffile-prefix-map=$cargo_home=cargo"
cargo build --release --locked --target "$target"

rm -rf "$dist"
mkdir -p "$dist/$name"
install -m 0755 "target/$target/release/soracrawl" "$dist/$name/"
install -m 0644 README.md LICENSE CHANGELOG.md SECURITY.md crawler.toml.example "$dist/$name/"
cp -r docs "$dist/$name/"
mkdir -p "$dist/$name/contrib"
cp -r contrib/systemd "$dist/$name/contrib/"
chmod -R u=rwX,go=rX "$dist/$name"

tar --create --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --directory "$dist" "$name" | gzip --no-name --best >"$dist/$name.tar.gz"
rm -r "${dist:?}/$name"

# The tool writes beside Cargo.toml, and names our own package by its path on this machine.
cargo cyclonedx --format json --spec-version 1.5 --target "$target" --override-filename "$name.cdx"
sed "s#path+file://$PWD#path+file://#g" "$name.cdx.json" >"$dist/$name.cdx.json"
rm "$name.cdx.json"

cd "$dist"
sha256sum "$name.tar.gz" "$name.cdx.json" >SHA256SUMS
sha256sum --check --quiet SHA256SUMS
printf 'release: target/dist has %s\n' ./*
