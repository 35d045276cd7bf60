# `make run` and `make test` need only rustup, cargo, a C compiler and make.

CARGO := cargo
COMPONENT := target/wecom-connector.wasm

.PHONY: run build test component simulator bless

# Builds the component and its host, starts the simulator and calls every action; prints a line for each.
# Only `make run REAL=1` calls a real server: the one of WECOM_BASE_URL, or WeCom itself.
run: build
	target/debug/examples/all_actions $(if $(filter 1,$(REAL)),--real)

# What `make run` needs, and the commands. `--workspace --example` selects the features that `make test` selects: `-p`, or `--bin` alone,
# select others, and cargo would compile wasmtime twice.
build: wasm-target
	$(CARGO) build --locked --workspace --example all_actions --bin wecom --bin wecom-simulator

# Lints of what is compiled for WebAssembly alone, with the macros that the component was built with.
LINT := $(CARGO) clippy --locked --target wasm32-wasip2 --profile component --target-dir target/component

# Everything that must pass: format, lints on both sides, native tests, host tests. Without debug information and what
# incremental builds keep, the first one takes a quarter less; `cargo test` is for working on one thing.
test: wasm-target
	$(CARGO) fmt --all --check
	CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/.ci/rustc-and-clippy \
		$(CARGO) test --locked --workspace
	$(LINT) -p wecom-connector -- -D warnings
	$(LINT) -p edge-alerts -- -D warnings

# The documentation of the crates: a broken link is an error. It checks all dependencies, which `make test` does not need.
.PHONY: doc
doc: wasm-target
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet

# No file imports itself, directly or through other files. `make test` includes this.
.PHONY: circles
circles: wasm-target
	$(CARGO) test --locked --workspace --test it -- circles::

# The component, as it is released: built, then without names for debuggers and with metadata. The revision is that of the
# working tree; the address of the source is that of the git remote, or SOURCE=https://…
REVISION ?= $(shell git describe --always --abbrev=40 --exclude '*' --dirty 2>/dev/null)
SOURCE ?= $(filter https://%,$(shell git config --get remote.origin.url 2>/dev/null))
component: wasm-target
	$(CARGO) rustc --locked -p wecom-connector --crate-type cdylib --target wasm32-wasip2 --profile component --target-dir target/component
	$(CARGO) build --locked -p wecom-release
	target/debug/wecom-release describe target/component/wasm32-wasip2/component/wecom_connector.wasm $(COMPONENT) "$(REVISION)" "$(SOURCE)"

# The component for hosts that offer its functions to a model as tools: with the documentation of the contract.
TOOLS := target/wecom-connector-tools.wasm
.PHONY: component-for-tools
component-for-tools: component
	target/debug/wecom-release document $(COMPONENT) $(TOOLS) wit

simulator:
	$(CARGO) build --locked -p wecom-simulator

# Every host that this machine can run, with a line for each; `quick-hosts` leaves out what takes long to install. The logs are in
# target/hosts.
QUICK_HOST_TESTS := host-node host-python same-results host-wasmtime host-edge host-cloudflare host-c host-tools host-registry \
	example-durable-dbos example-durable-temporal
HOST_TESTS := $(QUICK_HOST_TESTS) example-durable-restate example-obelisk
.PHONY: hosts quick-hosts $(HOST_TESTS)
hosts:
	host-tests/hosts.sh $(HOST_TESTS)

quick-hosts:
	host-tests/hosts.sh $(QUICK_HOST_TESTS)

host-node: component simulator
	cd packages/npm && npm ci --no-audit --no-fund && npm test

# The npm package on Node 20, 24 and 26, Deno, Bun and workerd: 900 MB below packages/npm/runtimes.
.PHONY: host-runtimes
host-runtimes: host-node
	cd packages/npm && npm run test:runtimes

PYTHON := target/python/bin/python
host-python: component simulator
	[ -x $(PYTHON) ] || python3 -m venv target/python
	$(PYTHON) -m pip install --quiet -e 'packages/python[dev]'
	cd packages/python && ../../$(PYTHON) -m pytest -q

# Durable engines: the test kills their workers at each step, and nothing is done twice.
example-durable-dbos: component simulator
	examples/durable-dbos/test.sh

example-durable-temporal: component simulator
	examples/durable-temporal/test.sh

example-durable-restate: component simulator
	cd packages/npm && npm ci --no-audit --no-fund && npm run build
	examples/durable-restate/test.sh

# The component as activities of a workflow. The first time this builds Obelisk, 20 minutes on 2 cores, and needs `protoc`
# (Debian: apt-get install protobuf-compiler). OBELISK names another one.
.PHONY: host-obelisk
OBELISK ?= $(CURDIR)/target/tools/bin/obelisk
host-obelisk: $(OBELISK)
example-obelisk: component simulator host-obelisk
	examples/obelisk/test.sh "$(OBELISK)"

$(CURDIR)/target/tools/bin/obelisk:
	@command -v protoc >/dev/null || { echo "protoc is needed: apt-get install protobuf-compiler" >&2; exit 1; }
	CARGO_PROFILE_RELEASE_LTO=off $(CARGO) install obelisk@0.38.3 --locked --root target/tools --target-dir target/obelisk-build
	rm -r target/obelisk-build

# The official clients of MCP against `wecom mcp`: Python's, and npm's inspector, which needs Node 22.19 and gets a separate one.
MCP_NODE := 24.21.0
.PHONY: mcp-clients
mcp-clients: wasm-target
	$(CARGO) build --locked --workspace --example all_actions --bin wecom
	[ -x target/mcp/bin/python ] || python3 -m venv target/mcp
	target/mcp/bin/python -m pip install --quiet mcp==2.3.0
	target/mcp/bin/python cli/tests/clients/mcp_client.py target/debug/wecom
	npx --yes --package=node@$(MCP_NODE) --package=@modelcontextprotocol/inspector@2.12.0 -- \
		mcp-inspector --cli target/debug/wecom mcp --read-only --method tools/list | grep list-member-ids

# The completions in bash, zsh and fish themselves, which are installed where they are missing (Debian).
.PHONY: test-shells
test-shells: wasm-target
	for shell in bash zsh fish; do \
		command -v $$shell >/dev/null || { apt-get --quiet=2 update && apt-get --quiet=2 --yes install $$shell; } || exit 1; \
	done
	$(CARGO) test --locked --workspace --features wecom-cli/test-shells --test it -- shells::

# Profiles in GNOME's keyring, which is installed where it is missing (Debian). With the keyring, cargo compiles wasmtime once
# more: ten minutes on two cores, in a separate folder.
.PHONY: test-keyring
test-keyring: wasm-target
	for program in dbus-daemon gnome-keyring-daemon; do \
		command -v $$program >/dev/null || \
			{ apt-get --quiet=2 update && apt-get --quiet=2 --yes --no-install-recommends install dbus gnome-keyring; } || exit 1; \
	done
	$(CARGO) test --locked -p wecom-cli --features keyring --target-dir target/keyring --test it -- keyring::

# The npm package and the wheel as files, in target/packages, each installed and called. A release has them in dist/.
.PHONY: packages
packages: component simulator
	.ci/packages target/packages

# One script through Rust, Node and Python: the same JSON results.
same-results: host-node host-python build
	host-tests/same-results.sh target/debug/wecom-simulator target/debug/examples/all_actions $(PYTHON)

# Published WeCom clients, pinned, call the simulator, which must accept what they send: a line for each client and
# endpoint. Needs python3, node, npm and curl.
CLIENTS := target/clients
.PHONY: clients
clients: simulator $(CLIENTS)/venv/ready $(CLIENTS)/node_modules/ready
	target/debug/wecom-simulator --quiet -- $(CLIENTS)/venv/bin/python host-tests/clients/run.py $(CLIENTS)

# pywgb declares Python below 3.13, and works with later ones.
$(CLIENTS)/venv/ready: host-tests/clients/requirements.txt
	python3 -m venv --clear $(CLIENTS)/venv
	$(CLIENTS)/venv/bin/pip install --quiet --only-binary :all: --ignore-requires-python --require-hashes -r $<
	touch $@

$(CLIENTS)/node_modules/ready: host-tests/clients/package.json host-tests/clients/package-lock.json
	mkdir -p $(CLIENTS)
	cp $^ $(CLIENTS)
	cd $(CLIENTS) && npm ci --no-audit --no-fund
	touch $@

# Programs that the tests of hosts run, from PyPI.
target/hosts/ready: host-tests/hosts.txt
	python3 -m venv target/hosts
	target/hosts/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r $<
	chmod +x target/hosts/lib/python*/site-packages/wasmtime_cli/wasmtime # without it in the wheel
	touch $@

# The unmodified wasmtime command: another one is named by WASMTIME, such as that of
# `cargo install wasmtime-cli@48.0.8 --locked`, which takes 15 minutes on 2 cores.
WASMTIME ?= $(CURDIR)/target/hosts/bin/wasmtime
WASH ?= $(CURDIR)/target/hosts/bin/wash
host-wasmtime: component simulator target/hosts/ready
	host-tests/wasmtime-cli.sh "$(WASMTIME)" $(COMPONENT) target/debug/wecom-simulator

# The edge function: the handler, and the handler with the connector plugged into it.
.PHONY: edge-alerts
edge-alerts: component
	$(CARGO) build --locked -p edge-alerts --target wasm32-wasip2 --profile component --target-dir target/component
	cp target/component/wasm32-wasip2/component/edge_alerts.wasm target/edge-alerts-handler.wasm
	$(CARGO) build --locked --workspace --example compose
	target/debug/examples/compose target/edge-alerts-handler.wasm $(COMPONENT) target/edge-alerts.wasm

# The edge function under wasmtime serve, jco serve and wasmCloud.
host-edge: wasm-target target/hosts/ready examples/cloudflare-worker/node_modules
	WASMTIME="$(WASMTIME)" WASH="$(WASH)" JCO="$(CURDIR)/examples/cloudflare-worker/node_modules/.bin/jco" \
		$(CARGO) test --locked --workspace --features edge-alerts/hosts --test serve -- hosts::

# A Worker under Cloudflare's workerd.
host-cloudflare: component simulator examples/cloudflare-worker/node_modules
	cd examples/cloudflare-worker && npm test

examples/cloudflare-worker/node_modules: examples/cloudflare-worker/package-lock.json
	cd examples/cloudflare-worker && npm ci --no-audit --no-fund
	touch $@

# A C program. The library is that of the Python package; its headers are in a crate, whose version is the package's.
C_API := $(CURDIR)/target/c-api
host-c: component simulator $(C_API)/ready
	examples/c/test.sh $(C_API) $(COMPONENT) target/debug/wecom-simulator

.PHONY: c-api
c-api: $(C_API)/ready
$(C_API)/ready: target/hosts/ready examples/c/headers.sh
	examples/c/headers.sh target/hosts $(C_API)
	touch $@

# Wassette needs a newer C library than Debian 12 has: there the test downloads one and does not install it.
WASSETTE ?= target/hosts/wassette
host-tools: component-for-tools simulator target/hosts/wassette
	host-tests/wassette.sh target/debug/wecom-release $(COMPONENT) $(TOOLS) "$(WASSETTE)" target/debug/wecom-simulator

target/hosts/wassette: target/hosts/ready
	program=$$(echo $(CURDIR)/target/hosts/lib/python*/site-packages/wassette_cli/wassette) && \
		{ ! $$program --version >/dev/null 2>&1 && host-tests/newer-libc.sh $$program target/hosts/libc $@ || ln -sf $$program $@; }

# The component as an OCI artifact in a registry on this machine.
host-registry: component target/hosts/ready
	host-tests/registry.sh target/debug/wecom-release "$(WASH)" $(COMPONENT)

# What a call costs, compared with the minimum and with other libraries: writes the figures of docs/speed.md, and docs/speed.svg.
# Needs python3 and node; takes 4 minutes on a quiet machine, and 10 to 15 more to build.
BENCH := WECOM_COMPONENT_FILE=$(CURDIR)/$(COMPONENT) $(CARGO)
.PHONY: bench
bench: bench-build
	target/bench/release/calls

.PHONY: bench-build
bench-build: component target/bench-venv/ready target/bench-node/ready
	cd host-tests/benches/floor && $(CARGO) build --locked --target wasm32-wasip2 --profile component --target-dir ../../../target/component
	$(CARGO) build --locked --release -p wecom-simulator --target-dir target/bench/simulator
	cd host-tests/benches && $(BENCH) build --locked --release --target-dir ../../target/bench

# The lints of the benchmark, which is outside the workspace.
.PHONY: bench-lint
bench-lint: component
	cd host-tests/benches && $(CARGO) fmt --check
	cd host-tests/benches/floor && $(CARGO) fmt --check
	cd host-tests/benches && $(BENCH) clippy --locked --release --target-dir ../../target/bench -- -D warnings

target/bench-venv/ready: host-tests/benches/others/requirements.txt
	python3 -m venv target/bench-venv
	target/bench-venv/bin/pip install --quiet -r $<
	touch $@

target/bench-node/ready: host-tests/benches/others/package.json
	mkdir -p target/bench-node
	cp $< target/bench-node
	cd target/bench-node && npm install --no-audit --no-fund
	touch $@

# Rewrites the expectations in the tests: read the diff before committing it.
bless:
	UPDATE_EXPECT=1 $(CARGO) test --locked --workspace

.PHONY: wasm-target
wasm-target:
	@rustup target list --installed | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2

# The crates that are published, packed into target/crates and built from what was packed: 10 minutes, for wasmtime.
.PHONY: crates
crates: component
	.ci/crates target/crates

# A release, in dist/: docs/release.md. Needs docker-registry (Debian: apt-get install docker-registry), node, npm and python3.
.PHONY: dist reproducible deny fuzz
dist: component-for-tools simulator target/hosts/ready
	.ci/dist "$(WASH)"

# Builds the component twice, in two places: the same bytes.
reproducible: wasm-target
	.ci/reproducible

# Licenses, sources, duplicate crates and known vulnerabilities. The last need a database from the network.
DENY := advisories bans licenses sources
deny:
	[ -x target/tools/bin/cargo-deny ] || $(CARGO) install cargo-deny@0.20.2 --locked --root target/tools
	target/tools/bin/cargo-deny --locked --workspace check $(DENY)

# Fuzzes the parsers of responses and downloads, whole exchanges, uploads and splitting, each for FUZZ_SECONDS. What is found is kept
# in target/fuzz; what fails belongs in fuzz/corpus, which `make test` runs.
FUZZ_SECONDS := 60
fuzz:
	@rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
	[ -x target/tools/bin/cargo-fuzz ] || $(CARGO) install cargo-fuzz@0.13.2 --locked --root target/tools
	for target in reply file exchange upload split; do \
		mkdir -p target/fuzz/$$target; \
		PATH="$$PWD/target/tools/bin:$$PATH" $(CARGO) +nightly fuzz run --fuzz-dir fuzz $$target \
			target/fuzz/$$target fuzz/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 || exit 1; \
	done

# Mutates the component's code, one place at a time, and lists what the native tests do not notice: hours for all of it.
# MUTANTS passes arguments: MUTANTS="--file src/response.rs", or MUTANTS="--shard 0/8". The results are in target/mutants.
.PHONY: mutants
mutants:
	[ -x target/tools/bin/cargo-mutants ] || $(CARGO) install cargo-mutants@27.1.0 --locked --debug --root target/tools
	mkdir -p target/mutants
	CARGO_PROFILE_DEV_DEBUG=false target/tools/bin/cargo-mutants mutants --package wecom-connector --output target/mutants \
		--timeout 60 --build-timeout 300 $(MUTANTS)
