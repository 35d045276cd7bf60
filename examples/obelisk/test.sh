#!/bin/sh
# Runs the example in Obelisk: the lock, stubs, and servers killed at each step, on SQLite and, where Debian's `postgresql` is
# installed, two on Postgres. Usage: test.sh OBELISK
# Needs target/wecom-connector.wasm and target/debug/wecom-simulator.
set -eu
PATH="$(dirname "$(realpath "$1")"):$PATH"
cd "$(dirname "$0")"
./build.sh
cargo fmt --check
cargo clippy --quiet --locked --release --target wasm32-unknown-unknown --target-dir ../../target/obelisk -- -D warnings

here=$PWD
XDG_CACHE_HOME=$(realpath ../../target/obelisk) # compiled code
PYTHONPATH=$here/tests
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
cd "$run"
# Ports that the system gives to no client: else one takes that of a server that has been killed.
free_port() {
    python3 -c 'import random, socket
while True:
    port = random.randrange(20000, 32000)
    try:
        socket.create_server(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break'
}
PORTS="$(free_port) $(free_port)"
export PATH PORTS PYTHONPATH XDG_CACHE_HOME

configuration() { sed "s#\${DEPLOYMENT_DIR}#$here#" "$here/$1"; }
configuration deployment.toml >deployment.toml
# The test waits for the lock of a killed server to expire, so it has a short one.
sed 's/^exec.lock_expiry.seconds = 180$/exec.lock_expiry.seconds = 6/' deployment.toml >short-lock.toml
sed "s#5005#${PORTS% *}#" "$here/server.toml" >server.toml

"$here/../../target/debug/wecom-simulator" --quiet -- python3 "$here/tests/lock_expiry.py" deployment.toml
rm -r obelisk-sqlite
DEPLOYMENT=$here/deployment-stubs.toml SERVER=$here/server.toml python3 "$here/tests/stubs.py"
rm -r obelisk-sqlite

echo "obelisk on SQLite"
DEPLOYMENT=short-lock.toml SERVER=$here/server.toml python3 "$here/../durable_kill_test.py" \
    --journal 'cat obelisk-sqlite/*' -- python3 "$here/tests/onboarding.py" || { tail -n 20 machine-1.log; exit 1; }

if ! command -v pg_virtualenv >/dev/null; then
    echo "obelisk on Postgres: not run, Debian's postgresql is not installed"
    exit
fi
echo "obelisk on Postgres, two servers"
chmod 755 . # pg_virtualenv may leave root
# Obelisk 0.38.3 supports only port 5432, so a socket gets that name.
# shellcheck disable=SC2016 # the variables are pg_virtualenv's
pg_virtualenv sh -euc '
    ln -s "$(psql -Atc "SHOW unix_socket_directories" | cut -d, -f1)/.s.PGSQL.$PGPORT" .s.PGSQL.5432
    [ "$PGUSER" = "$(id -un)" ] || createuser --superuser "$(id -un)"
    export PGHOST="$PWD" PGPORT=5432 PGUSER="$(id -un)" PGDATABASE=onboarding
    createdb
    # The first server creates the tables and deploys, alone. The variables are read again at each start.
    export SERVER="$1/server-postgres.toml"
    env WECOM_CORP_ID= WECOM_AGENT_ID= WECOM_SECRET= WECOM_CONTACTS_SECRET= WECOM_CHATBOT_KEY= \
        MACHINE=machine-1 DEPLOYMENT=short-lock.toml python3 "$1/tests/onboarding.py" worker >first.log 2>&1 & first=$!
    until grep -q "Obelisk is ready" first.log; do kill -0 $first; sleep 0.2; done
    kill $first; wait $first || true
    python3 "$1/../durable_kill_test.py" --machines 2 --journal pg_dump -- python3 "$1/tests/onboarding.py"
    for log in machine-1.log machine-2.log; do
        grep -q "Execution finished" "$log" || { echo "only one server did something"; exit 1; }
    done
' sh "$here" 2>postgres.log || { cat postgres.log; tail -n 5 machine-*.log; exit 1; }
