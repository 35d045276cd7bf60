# `make run` and `make test` are all that a fresh machine needs; rustup, cargo and make must be there.

CARGO := cargo
COMPONENT := target/wecom-connector.wasm

.PHONY: run build test component simulator bless

# Builds everything, starts the simulator and drives all actions through the component, a line each.
# With WECOM_CORP_ID and its like set, it talks to the server that WECOM_BASE_URL names, or to WeCom itself.
run: build
	target/debug/story

# All at once, tests included, as `make test` builds it too: with another choice cargo would compile wasmtime once more.
build: wasm-target
	$(CARGO) build --locked --workspace --all-targets

# Everything that must be green: format, lints on both sides, native tests, host tests, docs.
test: wasm-target
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -p wecom-connector --target wasm32-wasip2 -- -D warnings
	$(CARGO) clippy --locked -p edge-alerts --target wasm32-wasip2 -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet
	$(CARGO) test --locked --workspace

# The component, as it is released.
component: wasm-target
	$(CARGO) build --locked -p wecom-connector --target wasm32-wasip2 --profile component --target-dir target/component
	cp target/component/wasm32-wasip2/component/wecom_connector.wasm $(COMPONENT)

simulator:
	$(CARGO) build --locked -p wecom-simulator

# Every host that this machine can run.
.PHONY: hosts host-wasmtime host-node host-python same-results
hosts: host-node host-python same-results host-wasmtime

host-node: component simulator
	cd packages/npm && npm ci --no-audit --no-fund && npm test

# The npm package on Node 20, 24 and 26, Deno and Bun: downloads 740 MB into packages/npm/runtimes.
.PHONY: host-runtimes
host-runtimes: host-node
	cd packages/npm && npm run test:runtimes

PYTHON := target/python/bin/python
host-python: component simulator
	[ -x $(PYTHON) ] || python3 -m venv target/python
	$(PYTHON) -m pip install --quiet -e 'packages/python[dev]'
	cd packages/python && ../../$(PYTHON) -m pytest -q

# The packages as release files, in dist/; after `make dist` the wheel carries the list of parts.
.PHONY: packages
packages: component
	mkdir -p dist
	cd packages/npm && npm ci --no-audit --no-fund && npm pack --pack-destination ../../dist
	[ -x $(PYTHON) ] || python3 -m venv target/python
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist ./packages/python

# One script through Rust, Node and Python: the same JSON results.
same-results: host-node host-python build
	host-tests/same-results.sh target/debug/wecom-simulator target/debug/story $(PYTHON)

# The unmodified wasmtime command. Building it takes about 15 minutes on 2 cores, if it is not there.
WASMTIME ?= $(or $(shell command -v wasmtime),target/wasmtime-cli/bin/wasmtime)
host-wasmtime: component simulator
	[ -x "$(WASMTIME)" ] || $(CARGO) install wasmtime-cli@48.0.8 --locked --root target/wasmtime-cli
	host-tests/wasmtime-cli.sh "$(WASMTIME)" $(COMPONENT) target/debug/wecom-simulator

# What a call costs, beside what it could cost and beside other libraries: writes docs/speed.md and docs/speed.svg.
# Needs python3 and node; takes 2 minutes on a quiet machine, and 10 to 15 more to build.
.PHONY: bench
bench: wasm-target target/bench-venv/ready target/bench-node/ready
	cd host-tests/benches/floor && $(CARGO) build --locked --target wasm32-wasip2 --profile component --target-dir ../../../target/component
	cd host-tests/benches && $(CARGO) run --locked --release --target-dir ../../target/bench

# The lints of the benchmark, which stands outside the workspace.
.PHONY: bench-lint
bench-lint:
	cd host-tests/benches && $(CARGO) clippy --locked --release --target-dir ../../target/bench -- -D warnings

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

# What ships beside the component, in dist/: contract, list of parts, checksums.
.PHONY: dist reproducible deny fuzz
dist: component
	.ci/dist

# Builds the component twice, in two places: the same bytes.
reproducible: wasm-target
	.ci/reproducible

# Licenses, sources, duplicate crates and known vulnerabilities. The last need a database from the network.
DENY := advisories bans licenses sources
deny:
	[ -x target/tools/bin/cargo-deny ] || $(CARGO) install cargo-deny@0.20.2 --locked --root target/tools
	target/tools/bin/cargo-deny --locked --workspace check $(DENY)

# Fuzzes the readers of answers, whole exchanges and uploads, each for so long. What is found is kept in target/fuzz; what
# fails belongs into fuzz/corpus, which `make test` plays.
FUZZ_SECONDS := 60
fuzz:
	@rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
	[ -x target/tools/bin/cargo-fuzz ] || $(CARGO) install cargo-fuzz@0.13.2 --locked --root target/tools
	for target in reply exchange upload; do \
		mkdir -p target/fuzz/$$target; \
		PATH="$$PWD/target/tools/bin:$$PATH" $(CARGO) +nightly fuzz run --fuzz-dir fuzz $$target \
			target/fuzz/$$target fuzz/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 || exit 1; \
	done
