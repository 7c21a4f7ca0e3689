# make does what CI does; make help lists the rest.

TOOL     := go tool -modfile=tools.mod
MODULES  := . bench interop scripts/mutate
FUZZTIME ?= 20s
SOAK     ?= 10m
TIMING   ?= 1000000
SAMPLE   ?= 60

.DEFAULT_GOAL := ci
.PHONY: ci help test demo race vet fmt fmt-check lint vuln layers fuzz alloc soak timing mutate mutate-sample interop bench bench-quick cover build rename clean

ci: ## everything that CI does, in its order
	bash .ci/run

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

test: ## the tests of the root module
	go test ./...

demo: ## an issuer and a service in one process, told step by step
	go run ./cmd/wst demo

race: ## the tests under the race detector
	go test -race ./...

vet: ## go vet, in all modules
	@for m in $(MODULES); do (cd $$m && go vet -tags soak,timing ./...) || exit 1; done

fmt: ## write every Go file as gofumpt would
	git ls-files '*.go' | xargs $(TOOL) gofumpt -w

fmt-check: ## name the files that make fmt would change
	@out=$$(git ls-files '*.go' | xargs $(TOOL) gofumpt -l) && if [ -n "$$out" ]; then echo "not formatted, run make fmt:"; echo "$$out"; exit 1; fi

lint: ## staticcheck, in all modules
	@check=$$($(TOOL) -n staticcheck) && for m in $(MODULES); do (cd $$m && $$check -tags soak,timing ./...) || exit 1; done

vuln: ## govulncheck, where its database can be reached
	scripts/vulncheck

layers: ## who may import whom, file length, doc comments
	go test -count=1 -run '^(TestLayers|TestFilesAreShort|TestNoForeignText|TestDocComments)' -v .

fuzz: ## every fuzz target for FUZZTIME (20s)
	scripts/fuzz $(FUZZTIME)

alloc: ## the allocation limits of the hot paths
	go test -count=1 -run 'Alloc' ./...
	go -C bench test -count=1 -run 'Alloc' ./...

soak: ## a thousand conversations for SOAK (10m), with the service restarted twice
	WST_SOAK=$(SOAK) go test -tags soak -count=1 -timeout 0 -run '^TestSoak$$' -v .

timing: ## does the time of a refusal tell why? TIMING (1000000) messages of each pair, a quarter of an hour
	WST_TIMING=$(TIMING) go test -tags timing -count=1 -timeout 0 -run '^TestTiming$$' -v ./internal/attack

mutate: ## the verifier packages changed place by place: who notices? Hours; writes docs/mutation.md
	go -C scripts/mutate run . -write

mutate-sample: ## SAMPLE (60) mutants, drawn anew for each commit
	go -C scripts/mutate test ./...
	go -C scripts/mutate run . -sample $(SAMPLE) -seed "$$(git rev-parse HEAD)"

interop: ## real peers: CXF, WSS4J, MSAL, govmomi, zeep, Node's libraries, xmlsec1, libxml2
	bash interop/run.sh

bench: ## ours against the rivals; writes docs/performance.md
	-scripts/debs gcc pkg-config libxml2-dev libxmlsec1-dev
	go -C bench run . -write ../docs/performance.md

bench-quick: ## every benchmark once, to see that it runs
	-scripts/debs gcc pkg-config libxml2-dev libxmlsec1-dev
	go -C bench run . -quick

cover: ## test coverage per package and in all
	go test -coverprofile=coverage.out -coverpkg=./... ./... | sed 's/ of statements in .*//'
	@go tool cover -func=coverage.out | tail -n 1

build: ## bin/wst
	go build -trimpath -o bin/wst ./cmd/wst

rename: ## another module path: make rename MODULE=example.com/wstrust
	scripts/rename $(MODULE)

clean: ## remove what the targets above left
	rm -rf bin dist coverage.out
	find . -name '*.test' -type f -delete
	find . -name '*.prof' -type f -delete
