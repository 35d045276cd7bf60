#!/usr/bin/env bash
# Calls the component with the unmodified wasmtime command, at least one function of each interface, against the simulator.
# Usage: wasmtime-cli.sh WASMTIME COMPONENT SIMULATOR
set -euo pipefail
wasmtime=$1 component=$2 simulator=$3

environment=$(mktemp)
"$simulator" --quiet >"$environment" &
trap 'kill %1; rm -f "$environment"' EXIT
until grep -q WECOM_CHATBOT_KEY "$environment"; do sleep 0.1; done
variables=()
while read -r line; do variables+=(--env "$line"); done <"$environment"

passed=0 failed=0
invoke() {
    local answer
    if answer=$("$wasmtime" run -Shttp "${variables[@]}" --invoke "$1" "$component" 2>&1) && [[ $answer == ok* ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    # A token is a secret.
    sed -E 's/(token: )"[^"]*"/\1"***"/g; s/^/    /' <<<"$1"$'\n'"-> $answer"
}

invoke 'create-department(profile(""), {name: "Field Service North", parent-id: 1, id: 310})'
invoke 'list-department-ids(profile(""), none)'
invoke 'create-member(profile(""), {user-id: "noor.h", name: "Noor", departments: [{department-id: 310}], mobile: "+34600000001", to-invite: false})'
invoke 'create-member(profile(""), {user-id: "iker.z", name: "Iker", mobile: "+34600000002", to-invite: false})'
invoke 'create-group-chat(profile(""), {members: ["noor.h", "iker.z"], id: "storm2026a"})'
invoke 'send-app-text(profile(""), {recipients: selected({users: ["noor.h"]}), content: "Shift swap approved."})'
invoke 'send-group-text(profile(""), {group-chat-id: "storm2026a", content: "Road N-22 reopened."})'
invoke 'send-chatbot-text(profile(""), {content: "Pump 2 restarted"})'
invoke 'upload-media(profile(""), {kind: file, file-name: "rota.txt", content: base64("TW9uIDctNQ==")})'
invoke 'get-access-token(profile(""), application)'

# Each command is a fresh instance, and fetches a token of its own.
base_url=$(sed -n 's/^WECOM_BASE_URL=//p' "$environment")
fetched=$(curl --silent --show-error "$base_url/_simulator/transcript" | grep -c '"path": "/cgi-bin/gettoken"' || true)
echo "$("$wasmtime" --version): 9 calls with a token, $fetched requests to gettoken"
[ "$fetched" = 9 ] || failed=$((failed + 1))

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
