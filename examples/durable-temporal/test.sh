#!/bin/sh
# Kills two workers at each step, with Temporal's development server.
# Needs target/wecom-connector.wasm and target/debug/wecom-simulator.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
.venv/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --force-reinstall --no-deps ../../packages/python

PATH="$PWD/.venv/bin:$PATH"
here=$PWD
run=$(mktemp -d)
trap 'kill $server; wait $server || true; rm -rf "$run"' EXIT
cd "$run"

port=$(python -c 'import socket; it = socket.create_server(("127.0.0.1", 0)); print(it.getsockname()[1])')
temporal server start-dev --headless --port "$port" --db-filename temporal.sqlite --log-level error >server.log 2>&1 &
server=$!
export TEMPORAL_ADDRESS="127.0.0.1:$port"

# A worker that finds no server ends.
until temporal operator namespace describe --address "$TEMPORAL_ADDRESS" default >health.log 2>&1; do
    kill -0 $server
    sleep 0.2
done

echo "durable-temporal, two machines"
python "$here/../durable_kill_test.py" --machines 2 --journal 'cat temporal.sqlite*' -- python "$here/onboarding.py" ||
    { tail -n 20 ./*.log; exit 1; }
