#!/usr/bin/env bash
# The component for tool hosts: its documentation is read back, and Wassette loads it, describes its tools and calls them.
# Usage: wassette.sh RELEASE_TOOL COMPONENT COMPONENT_FOR_TOOLS WASSETTE SIMULATOR
set -euo pipefail
release=$1 component=$2 tools=$3 wassette=$4 simulator=$5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # <what> <expected> <found>
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: $3, expected $2"
    fi
}
json() { python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"; }

functions=$(cat "$(dirname "$0")"/../wit/*.wit | grep -cE '^ +[a-z0-9-]+: func\(')
check "documented functions" "$functions" "$("$release" show "$tools" | json 'len(it["tools"])')"
check "section in the main file" False "$("$release" show "$component" | json '"tools" in it')"

if ! "$wassette" --version >/dev/null 2>&1; then
    echo "skipped: $wassette does not run here, it needs glibc 2.39: $(ldd --version 2>&1 | head -1)"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
fi
"$wassette" --version | cut -d' ' -f1

"$simulator" --quiet >"$work/environment" &
trap 'kill %1; rm -rf "$work"' EXIT
until grep -qs WECOM_CHATBOT_KEY "$work/environment"; do sleep 0.1; done
set -a
. "$work/environment"
set +a
export XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work
id=$(basename "$tools" .wasm)

"$wassette" component load "file://$(realpath "$tools")" >/dev/null
"$wassette" permission grant network "$id" "${WECOM_BASE_URL#http://}" >/dev/null
for variable in WECOM_BASE_URL WECOM_CHATBOT_KEY WECOM_CORP_ID WECOM_CONTACTS_SECRET; do
    "$wassette" permission grant environment-variable "$id" "$variable" >/dev/null
    "$wassette" secret set "$id" "$variable=${!variable}" >/dev/null
done

mine='[t for t in it["tools"] if t["name"].startswith("wecom_connector_")]'
"$wassette" tool list >"$work/tools"
check "tools" "$functions" "$(json "len($mine)" <"$work/tools")"
check "tools without a description" 0 "$(json "sum('Auto-generated' in t['description'] for t in $mine)" <"$work/tools")"
check "longest name of a tool" True "$(json "max(len(t['name']) for t in $mine) <= 64" <"$work/tools")"
echo "the list of tools has $(json "len(json.dumps($mine, ensure_ascii=False).encode())" <"$work/tools") bytes"

# All fields of a record must be there, with null for none.
profile='{"tag": "profile", "val": ""}'
call() { "$wassette" tool invoke "wecom_connector_$1" --args "$2"; }
check "message" True "$(call chatbots_0_1_0_send-chatbot-text "{\"chatbot\": $profile, \"message\":
    {\"content\": \"Pump 2 restarted\", \"mentioned-users\": null, \"mentioned-mobiles\": null, \"mention-everyone\": null}}" |
    json '"ok" in it')"
check "messages that arrived" 1 "$(curl --silent "$WECOM_BASE_URL/_simulator/state" | json 'len(it["chatbot_messages"])')"
for _ in 1 2 3; do
    call departments_0_1_0_list-department-ids "{\"application\": $profile, \"department-id\": null}" >/dev/null
done
requests=$(curl --silent "$WECOM_BASE_URL/_simulator/transcript" | json 'sum(r["path"] == "/cgi-bin/gettoken" for r in it)')
check "requests to gettoken for 3 calls" 3 "$requests"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
