#!/usr/bin/env bash
# Runs the Makefile's targets named and prints a line for each: whether it passed, how long it took, and its summary.
# Usage: hosts.sh TARGET...
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p target/hosts

failed=0
for target in "$@"; do
    log=target/hosts/$target.log
    start=$SECONDS
    if make --no-print-directory "$target" >"$log" 2>&1; then
        verdict=passed
    else
        verdict=FAILED
        failed=$((failed + 1))
    fi
    # The runners' own summaries: shell scripts, kill tests, cargo, node, pytest; a skipped part gives its reason.
    summary=$(grep -E '^(skipped: |[0-9]+ passed|[0-9]+ kills|test result: |# (pass|fail) |ℹ (pass|fail) |=+ [0-9]+ passed)' "$log" |
        sed -E 's/^test result: [a-zA-Z]+\. //; s/^[#ℹ] //; s/; 0 ignored.*//; s/^=+ //; s/ =+$//' | paste -sd';' - | sed 's/;/; /g')
    [ "$verdict" = passed ] || tail -n 40 "$log"
    name=${target#host-}
    printf '%-6s  %-16s  %4ds  %s\n' "$verdict" "${name#example-}" $((SECONDS - start)) "${summary:-see $log}"
done
echo "$(($# - failed)) passed, $failed failed"
[ "$failed" = 0 ]
