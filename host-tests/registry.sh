#!/usr/bin/env bash
# Pushes a component to a registry of its own on this machine as an OCI artifact, compares the annotations with the component's
# metadata, pulls the artifact by digest and compares the bytes.
# Usage: registry.sh RELEASE_TOOL WASH COMPONENT
set -euo pipefail
release=$1 wash=$2 component=$3
command -v docker-registry >/dev/null || { echo "docker-registry is needed: apt-get install docker-registry" >&2; exit 1; }

work=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/registry.yml" <<YAML
version: 0.1
storage: { filesystem: { rootdirectory: "$work/registry" } }
http: { addr: "127.0.0.1:$port" }
log: { level: error, accesslog: { disabled: true } }
YAML
OTEL_TRACES_EXPORTER=none docker-registry serve "$work/registry.yml" >"$work/log" 2>&1 &
trap 'kill %1; rm -rf "$work"' EXIT
until curl --silent --fail "http://127.0.0.1:$port/v2/" >/dev/null; do sleep 0.1; done

metadata() { "$release" show "$component" | python3 -c "import json, sys; print(json.load(sys.stdin).get('$1', ''))"; }
repository=wecom/connector
version=$(metadata version)
"$wash" --log-level error oci push --insecure "127.0.0.1:$port/$repository:$version" "$component" >/dev/null

curl --silent --fail --dump-header "$work/headers" --output "$work/manifest" \
    --header 'accept: application/vnd.oci.image.manifest.v1+json' "http://127.0.0.1:$port/v2/$repository/manifests/$version"
digest=$(tr -d '\r' <"$work/headers" | sed -n 's/^docker-content-digest: //Ip')
passed=0 failed=0
check() { # <what> <expected> <found>
    echo "$1: $3"
    if [ "$2" = "$3" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "    expected $2"; fi
}
annotation() {
    python3 -c "import json, sys; print(json.load(sys.stdin)['annotations'].get('org.opencontainers.image.$1', ''))" <"$work/manifest"
}
check title "$(metadata name)" "$(annotation title)"
check version "$version" "$(annotation version)"
check description "$(metadata description)" "$(annotation description)"
check licenses "$(metadata license)" "$(annotation licenses)"
check revision "$(metadata revision)" "$(annotation revision)"
check source "$(metadata source)" "$(annotation source)"

check digest "sha256:$(sha256sum <"$work/manifest" | cut -d' ' -f1)" "$digest"
"$wash" --log-level error oci pull --insecure "127.0.0.1:$port/$repository@$digest" "$work/pulled.wasm" >/dev/null
check "pulled $repository@${digest:0:19}…" "$(sha256sum <"$component" | cut -d' ' -f1)" "$(sha256sum <"$work/pulled.wasm" | cut -d' ' -f1)"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
