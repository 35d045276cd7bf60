#!/bin/sh
# Kills the worker at each step, with Restate's server. Needs target/debug/wecom-simulator and a built packages/npm.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund --silent
npm install --no-save --no-audit --no-fund --silent ../../packages/npm

PATH="$PWD/node_modules/.bin:$PATH" # with a Node of its own, on x86-64 Linux
here=$PWD
run=$(mktemp -d)
trap 'kill $server; wait $server || true; rm -rf "$run"' EXIT
cd "$run"

free_port() {
    node -e 'const it = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(it.address().port); it.close(); })'
}
ingress=$(free_port) admin=$(free_port) WORKER_PORT=$(free_port)
export WORKER_PORT INGRESS="http://127.0.0.1:$ingress" ADMIN="http://127.0.0.1:$admin"
RESTATE_INGRESS__BIND_PORT=$ingress RESTATE_ADMIN__BIND_PORT=$admin RESTATE_BIND_PORT=$(free_port) \
    RESTATE_BIND_IP=127.0.0.1 RESTATE_LISTEN_MODE=tcp RESTATE_DISABLE_TELEMETRY=true \
    node "$here/node_modules/@restatedev/restate-server/lib/index.js" --no-logo --base-dir restate-data >server.log 2>&1 &
server=$!

echo "durable-restate with Node $(node --version)"
python3 "$here/../durable_kill_test.py" --setup "node $here/onboarding.js register 2>register.log" \
    --journal "curl -sS $ADMIN/query -H 'accept: application/json' --json '{\"query\": \"SELECT raw FROM sys_journal\"}'" \
    -- node "$here/onboarding.js"
