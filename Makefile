# make help lists what there is. run and demo need Go and nothing else; the others install what they need under .tools/, in
# the versions pinned in internal/tools, and name at once what they cannot install.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

install   := internal/tools/install
functions := $(filter-out local,$(patsubst functions/%/main.go,%,$(sort $(wildcard functions/*/main.go))))
scripts   := $(shell git ls-files -co --exclude-standard '*.sh' .ci/run internal/tools 2>/dev/null | xargs -r grep -lE '^\#!/usr/bin/env bash' 2>/dev/null)
template   = infra/cdk.out/learningloop-prod.template.json

cdk       := $(CURDIR)/.tools/cdk/node_modules/.bin/cdk
python    := $(CURDIR)/.tools/aws/bin/python

export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "The environment keys that tests read: internal/testenv. Tools and versions: internal/tools/README.md."

## Try it

.PHONY: run demo story
run: ## the whole loop in one process on 127.0.0.1:8080 (PORT, OPSCENTER_PORT, DATA_DIR); needs only Go
	@CGO_ENABLED=0 go build -o .build/local ./functions/local
	@exec .build/local

demo: ## the same, filled with weeks of history, in its own folder .data-demo
	@CGO_ENABLED=0 go build -o .build/local ./functions/local
	@DATA_DIR=$${DATA_DIR:-.data-demo} exec .build/local -demo

story: ## go all the way round the loop that make run started, by HTTP and boto3 (ARGS=...)
	@$(install) aws
	@$(python) internal/story/story.py $(ARGS)
	@$(python) internal/story/operations.py $(ARGS)

## Prove it

.PHONY: check test lint fmt vuln tidy arch shell words generated template-lint race fuzz golden bench
check: tools-check lint shell words tidy arch vuln generated size template-lint ## linters and rules, everything but the tests
	@echo "make check: all well"

test: tools-test build ## everything: unit, both engines, LocalStack with the deployed stack, a real browser (PKG=./internal/web)
	@go build -o .build/testall ./internal/tools/testall
	@CHROMIUM=$$(internal/tools/chromium) exec .build/testall $(PKG)

lint: ## format (gofumpt), go vet and golangci-lint
	@$(install) lint
	.tools/bin/golangci-lint fmt --diff ./...
	go vet ./...
	.tools/bin/golangci-lint run ./...

fmt: ## mend the format
	@$(install) lint
	.tools/bin/golangci-lint fmt ./...

shell:
	@$(install) shellcheck
	shellcheck -x $(scripts)

words:
	internal/tools/words

tidy:
	go mod tidy -diff

arch: ## the direction of dependencies
	go test ./internal/archtest

vuln: ## known vulnerabilities, where the database is reachable
	@$(install) vuln
	@internal/tools/vuln

generated: # what go generate writes is what is here
	@if git grep -qE '^//go:generate' -- '*.go'; then \
	  before=$$(git diff | git hash-object --stdin); \
	  go generate ./...; \
	  if [ "$$before" != "$$(git diff | git hash-object --stdin)" ]; then \
	    git diff --stat; echo "generated files were old: commit what go generate wrote" >&2; exit 1; \
	  fi; \
	fi

template-lint: synth
	.tools/cloudformation/bin/cfn-lint $(template)
	SAM_CLI_TELEMETRY=0 .tools/cloudformation/bin/sam validate --lint --region eu-west-1 -t $(template)

race: ## go test -race -shuffle=on ./... without any service
	@$(install) race
	go test -race -shuffle=on ./...

fuzz: ## every fuzz test for FUZZTIME (10s)
	@git grep -lE '^func Fuzz' -- '*_test.go' | while read -r f; do \
	  sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' "$$f" | while read -r name; do \
	    echo "$$name in $$(dirname "$$f")"; \
	    go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $${FUZZTIME:-10s} -fuzzminimizetime 5x "./$$(dirname "$$f")" </dev/null; \
	  done; \
	done

golden: ## write the golden files anew; look at git diff afterwards
	@git grep -lE 'flag\.Bool\("update"' -- '*_test.go' | xargs -r dirname | sort -u | while read -r d; do go test "./$$d" -update </dev/null; done

bench: ## the table of speeds, then the micro-benchmarks of the packages
	@if [ -d internal/bench ]; then CGO_ENABLED=0 go build -o .build/bench ./internal/bench && .build/bench $(ARGS); fi
	@git grep -lE '^func Benchmark' -- '*_test.go' | xargs -r dirname | sort -u | sed 's|^|./|' | xargs -r go test -run '^$$' -bench . -benchmem

## Build and ship it

.PHONY: build size synth deploy destroy invoke localstack clean distclean tools-check tools-test FORCE
build: $(foreach arch,arm64 amd64,$(functions:%=.build/$(arch)/%/bootstrap)) ## every function: .build/arm64 ships, .build/amd64 is tested

# Reproducible: the same source and Go give the same bytes, so that an unchanged function is not deployed again.
.build/%/bootstrap: FORCE
	@CGO_ENABLED=0 GOOS=linux GOARCH=$(*D) go build -trimpath -buildvcs=false -tags lambda.norpc \
	  -ldflags '-s -w -buildid=' -o $@ ./functions/$(*F)

size: build # what Lambda is sent, at most 12 MB each
	@for f in $(functions); do \
	  n=$$(gzip -9c ".build/arm64/$$f/bootstrap" | wc -c); \
	  printf '%-10s %5.1f MB zipped\n' "$$f" "$$(awk "BEGIN { print $$n / 1000000 }")"; \
	  [ "$$n" -le 12000000 ] || { echo "$$f is over 12 MB" >&2; exit 1; }; \
	done

synth: build ## the CloudFormation template, in infra/cdk.out (CONTEXT="-c key=value")
	@$(install) cdk
	cd infra && $(cdk) synth -q -c mailFrom=$${MAIL_FROM:-loop@example.com} -c buildDir=../.build/arm64 $(CONTEXT)

deploy: build ## to the AWS account of your credentials: MAIL_FROM=loop@your.domain, CONTEXT="-c key=value" (infra/params.go)
	@$(install) cdk aws
	@internal/tools/credentials .tools/aws/bin/aws
	cd infra && $(cdk) deploy -c mailFrom="$${MAIL_FROM:?give MAIL_FROM, the address that mail is sent from}" -c buildDir=../.build/arm64 $(CONTEXT)

destroy: build ## remove the stack again; data is kept unless it was deployed with -c keep=false
	@$(install) cdk aws
	@internal/tools/credentials .tools/aws/bin/aws
	cd infra && $(cdk) destroy -c mailFrom="$${MAIL_FROM:-loop@example.com}" -c buildDir=../.build/arm64 $(CONTEXT)

invoke: build ## one function with one event: FN=signals EVENT=events/signals/alarm.json; its environment is yours
	@go run ./internal/tools/invoke .build/amd64/$(or $(FN),$(error give FN))/bootstrap $(or $(EVENT),$(error give EVENT))

localstack: ## LocalStack in the foreground on 127.0.0.1:4566 (PORT)
	@$(install) localstack
	@exec internal/localstack/start.sh .tools/localstack $${PORT:-4566}

clean: ## remove what was built; keeps data and tools
	rm -rf .build .shots infra/cdk.out

distclean: clean ## remove the tools and the local data too
	rm -rf .tools .data .data-demo

tools-check:
	@$(install) lint vuln shellcheck cloudformation cdk

tools-test:
	@$(install) race aws cdk node localstack chromium
