# adopt6: build, demonstrate, test. `make help` lists what can be made.

GO ?= go
export CGO_ENABLED ?= 0
# For all that is built and tested here, so that nothing compiles twice.
export GOFLAGS := $(filter-out -trimpath,$(shell $(GO) env GOFLAGS)) -trimpath

# Programs that we did not write and that the tests hold adopt6 against.
TEST_PROGRAMS = /usr/sbin/clickhouse-server /usr/bin/dig /usr/bin/delv /usr/sbin/named /usr/bin/dnssec-signzone \
	/usr/bin/ldns-signzone /usr/sbin/nsd /usr/sbin/knotd /usr/bin/kzonesign /usr/sbin/unbound /usr/sbin/ip \
	/usr/sbin/nginx /usr/sbin/postfix /usr/sbin/nft /usr/bin/curl /usr/bin/openssl /usr/bin/systemd-analyze /usr/bin/java /usr/share/java/zookeeper.jar \
	/usr/bin/chromium /usr/bin/pdftotext /usr/share/fonts/truetype/dejavu /usr/share/fonts/truetype/noto /usr/share/fonts/truetype/droid
TEST_PACKAGES = clickhouse-server bind9 bind9-dnsutils bind9-utils ldnsutils nsd knot knot-dnssecutils unbound iproute2 \
	nginx-light postfix nftables curl openssl systemd default-jre-headless libzookeeper-java \
	chromium poppler-utils fonts-dejavu-core fonts-noto-core fonts-droid-fallback

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS = -s -w $(if $(VERSION),-X main.version=$(VERSION))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/adopt6
	@echo "Building bin/adopt6"
	@$(GO) build -ldflags '$(LDFLAGS)' -o bin/adopt6 ./cmd/adopt6

DEMO_STORE ?= adopt6-data/demo

.PHONY: demo
demo: build ## scan a simulated Internet and print the country table
	@echo "Fetching the embedded ClickHouse engine (once, about 165 MB)"
	@bin/adopt6 store fetch-engine
	@echo "Scanning the simulated Internet 'demo'"
	@bin/adopt6 lab run demo --store $(DEMO_STORE)

.PHONY: check
check: ## lint, and run the tests that need no other program and no root
	@echo "Linting"
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@! git grep -n -E '\.Skip(f|Now)?\(' -- '*_test.go' || { echo "a test that is skipped proves nothing"; exit 1; }
	@$(GO) mod tidy -diff
	@$(GO) vet ./...
	@$(GO) tool staticcheck ./...
	@echo "Testing what needs no other program"
	@$(GO) test -vet=off -tags alone ./...

# The tests that need other programs and their packages; see CONTRIBUTING.md.
PEER_FILES = git grep -l '^//go:build .*!alone' -- '*_test.go'
PEER_PACKAGES = $$($(PEER_FILES) | xargs -n 1 dirname | sort -u | sed 's|^|./|')
PEER_TESTS = $$($(PEER_FILES) | xargs awk '/^func (Test|Fuzz|Example)/ { sub(/\(.*/, "", $$2); print $$2 }' | sort -u | paste -s -d '|')

.PHONY: test
test: check ## check, then install other programs and run the tests that need them
	@$(MAKE) --no-print-directory test-programs build
	@bin/adopt6 store fetch-engine
	@echo "Fetching axe-core, which reads the reports as a blind reader's software does"
	@cd report/e2e/axe && npm ci --no-fund --no-audit --silent
	@echo "Testing against other programs"
	@$(GO) test -vet=off -timeout 15m -run "^($(PEER_TESTS))$$" $(PEER_PACKAGES)

.PHONY: newcomer
newcomer: ## run both commands of the README in a clean Debian in a folder (as root)
	@GO='$(GO)' .ci/newcomer

.PHONY: test-programs
test-programs:
	@for p in $(TEST_PROGRAMS); do [ -x $$p ] || { .ci/install-test-programs $(TEST_PACKAGES); break; }; done

.PHONY: race
race: ## run the tests under the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

.PHONY: bench
bench: ## run the benchmarks; docs/performance.md says how to read them
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: docs
docs: build ## regenerate the references of commands, schema and indicators
	rm -rf docs/commands && bin/adopt6 docs --out docs/commands
	bin/adopt6 docs --format schema --out docs/schema.md
	bin/adopt6 docs --format indicators --out docs/indicators.md

.PHONY: assets
assets: ## make the world map and the charts of the reports anew, with npm
	cd report/assets/build && npm ci --no-fund --no-audit && npm run build

.PHONY: screenshot
screenshot: build ## draw the pictures in the README and the docs from what is printed
	dir=$$(mktemp -d); { echo '$$ make demo                 # a simulated Internet: the figures are invented'; bin/adopt6 lab run demo --store $$dir 2>/dev/null | sed -n '3,26p'; } | docs/img/terminal.sh docs/img/demo.png; rm -rf $$dir
	docs/img/check.sh docs/img/check.png
	$(GO) test ./report/e2e -run '^TestPictures$$' -count 1 -pictures $(CURDIR)/docs/img

.PHONY: dist
dist: ## build the tarballs and Debian packages of this commit below dist/
	@GO='$(GO)' configs/package/dist.sh dist

.PHONY: dist-check
dist-check: ## build them twice, from two fresh clones, and compare
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; set -e; \
	for n in one another; do git clone -q . "$$dir/$$n"; GO='$(GO)' "$$dir/$$n/configs/package/dist.sh" "$$dir/$$n/dist" >/dev/null; done; \
	diff "$$dir/one/dist/SHA256SUMS" "$$dir/another/dist/SHA256SUMS" && echo "Both builds are the same"

.PHONY: dist-try
dist-try: ## install the package of dist/ on a clean Debian in a folder (as root)
	@configs/package/try.sh "$$(ls dist/adopt6_*_$$(dpkg --print-architecture).deb)"

.PHONY: clean
clean: ## remove what was built and the demo's data
	rm -rf bin dist adopt6-data
