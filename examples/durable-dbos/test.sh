#!/bin/sh
# Kills the workers at each step: one on SQLite, then two on Postgres, where Debian's `postgresql` is installed.
# Needs target/wecom-connector.wasm and target/debug/wecom-simulator.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
.venv/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --force-reinstall --no-deps ../../packages/python

PATH="$PWD/.venv/bin:$PATH"
here=$PWD
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
cd "$run"

echo "durable-dbos on SQLite"
python "$here/../durable_kill_test.py" --journal 'cat onboarding.sqlite*' \
    --setup 'dbos migrate --sys-db-url sqlite:///onboarding.sqlite >migrate.log 2>&1' -- python "$here/onboarding.py"

if ! command -v pg_virtualenv >/dev/null; then
    echo "durable-dbos on Postgres: not run, Debian's postgresql is not installed"
    exit
fi
echo "durable-dbos on Postgres, two machines"
chmod 755 . # pg_virtualenv may leave root
# shellcheck disable=SC2016 # the variables are pg_virtualenv's
pg_virtualenv sh -euc '
    createdb onboarding
    export ONBOARDING_DATABASE="postgresql://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/onboarding"
    python "$1/../durable_kill_test.py" --machines 2 --journal "pg_dump onboarding" \
        --setup "dbos migrate --sys-db-url $ONBOARDING_DATABASE >migrate.log 2>&1" -- python "$1/onboarding.py"
    machines=$(psql -Atc "SELECT count(DISTINCT executor_id) FROM dbos.workflow_status" onboarding)
    [ "$machines" = 2 ] || { echo "$machines machines did something, not 2"; exit 1; }
' sh "$here" 2>postgres.log || { cat postgres.log; exit 1; }
