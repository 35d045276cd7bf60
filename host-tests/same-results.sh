#!/usr/bin/env bash
# Runs host-tests/script.json through Rust, Node and Python, each against a fresh simulator on the same port, and compares
# what they print. Only the second of an upload is masked. Then runs packages/behavior.json through Node and Python, and
# compares what their errors say with the table in their READMEs.
# Usage: same-results.sh SIMULATOR ALL_ACTIONS PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
simulator=$1 all_actions=$2 python=$3

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
address=127.0.0.1:0
run() {
    local name=$1 environment=$results/environment
    shift
    "$simulator" --quiet --listen "$address" >"$environment" &
    local server=$!
    until grep -q WECOM_CHATBOT_KEY "$environment"; do sleep 0.1; done
    address=$(sed -n 's|^WECOM_BASE_URL=http://||p' "$environment")
    (
        set -a
        . "$environment"
        "$@"
    ) >"$results/$name.raw" || { kill "$server"; cat "$results/$name.raw"; echo "$name failed"; return 1; }
    kill "$server"
    wait "$server" 2>/dev/null || true
    sed -E 's/"created-at":[0-9]+/"created-at":0/' "$results/$name.raw" >"$results/$name"
}

run rust "$all_actions" --real --json
run node node packages/npm/test/script.js host-tests/script.json
run python "$python" packages/python/tests/script.py host-tests/script.json

failed=0
for other in node python; do
    diff "$results/rust" "$results/$other" >"$results/diff" || { failed=$((failed + 1)); echo "rust and $other differ:"; cat "$results/diff"; }
done
lines=$(wc -l <"$results/rust")
echo "rust, node and python: $lines results each"
"$python" packages/behavior.py "$simulator" "$python" || failed=$((failed + 1))
echo "$((3 - failed)) passed, $failed failed"
[ "$failed" = 0 ]
