#!/usr/bin/env bash
# Writes a script that runs a program with the C library of Debian 13, for programs that the machine's own is too old for.
# Nothing is installed: the packages are unpacked into a folder. It needs a Debian with an older release as source of packages.
# Usage: newer-libc.sh PROGRAM FOLDER SCRIPT
set -euo pipefail
program=$(realpath "$1") folder=$2 script=$3

. /etc/os-release
[ "${ID:-}" = debian ] || { echo "not a Debian" >&2; exit 1; }
mkdir -p "$folder"/state/lists/partial "$folder"/cache/archives/partial
folder=$(realpath "$folder")
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null >"$folder/all" || true
# The machine's own mirror and keys, in either format, with the release's name replaced.
if grep -q "^Suites: $VERSION_CODENAME" "$folder/all"; then
    awk -v RS= -v suite="$VERSION_CODENAME" '$0 ~ "Suites: " suite "( |\n|$)"' "$folder/all" |
        sed -E 's/^Suites: .*/Suites: trixie/' >"$folder/trixie.sources"
    list=$folder/trixie.sources
else
    sed -nE "s/^(deb .*) $VERSION_CODENAME main.*/\1 trixie main/p" "$folder/all" >"$folder/trixie.list"
    list=$folder/trixie.list
fi
apt=(apt-get --quiet=2 -o Dir::State="$folder/state" -o Dir::Cache="$folder/cache" -o Dir::State::status=/var/lib/dpkg/status
    -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User=root)
"${apt[@]}" update
(cd "$folder" && "${apt[@]}" download libc6 libgcc-s1 libssl3t64 zlib1g libzstd1)
for package in "$folder"/*.deb; do dpkg-deb --extract "$package" "$folder/root"; done

loader=$(echo "$folder"/root/usr/lib*/ld-linux-*.so.*)
libraries=$(dirname "$(echo "$folder"/root/usr/lib/*/libc.so.6)")
printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "$libraries" "$program" >"$script"
chmod +x "$script"
