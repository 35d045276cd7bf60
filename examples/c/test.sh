#!/usr/bin/env bash
# Builds send.c with what make puts into target/c-api, and runs it against the simulator.
# Usage: test.sh C_API COMPONENT SIMULATOR
set -euo pipefail
c_api=$1 component=$2 simulator=$3
source=$(dirname "$0")/send.c

work=$(mktemp -d)
"$simulator" --quiet >"$work/environment" &
trap 'kill %1; rm -rf "$work"' EXIT
cc -std=c11 -Wall -Wextra -Werror -I "$c_api/include" "$source" "$c_api/libwasmtime.so" -Wl,-rpath,"$c_api" -o "$work/send"

until grep -q WECOM_CHATBOT_KEY "$work/environment"; do sleep 0.1; done
set -a
. "$work/environment"
set +a

passed=0 failed=0
expect() { # <output> <exit code> <command...>
    local output code=0
    output=$("${@:3}" 2>&1) || code=$?
    echo "${*:5} -> $output, $code"
    if [ "$output" = "$1" ] && [ "$code" = "$2" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
expect sent 0 "$work/send" "$component" 'Pump 2 restarted'
expect permanent-invalid-input 1 "$work/send" "$component" ''
WECOM_CHATBOT_KEY=unknown expect permanent-rejected 1 "$work/send" "$component" 'Pump 2 restarted'
WECOM_BASE_URL=http://127.0.0.1:1 expect unreachable 1 "$work/send" "$component" 'Pump 2 restarted'

messages=$(curl --silent --show-error "$WECOM_BASE_URL/_simulator/state" | grep -c '"content": "Pump 2 restarted"')
expect 1 0 echo "$messages"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
