# Every verb of the desk. `make` lists them; what takes more than a line is in scripts/ or in the `sauda` program.
.DEFAULT_GOAL := help
.PHONY: help setup up down ps logs restart scale clean replay test check fmt fmt-check lint types arch feed-faults chaos simulate bench bench-check lock
MAKEFLAGS += --no-print-directory
CODE := libs services strategies tests benchmarks chaos simulation scripts deploy
DESK_RUN := .venv/bin/sauda
# A value as one word of the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
# pytest's further options: make test only='-k straddle'
only ?=

#== The desk (RUNTIME=docker|local, chosen by itself)
up: setup  ## start the desk: SOURCE=simulator|recording|noren RECORDING=file SPEED=60 DESK=live
	@$(DESK_RUN) up $(if $(RUNTIME),--runtime $(call quoted,$(RUNTIME))) $(if $(SOURCE),--source $(call quoted,$(SOURCE))) $(if $(RECORDING),--recording $(call quoted,$(RECORDING))) \
	  $(if $(SPEED),--speed $(call quoted,$(SPEED))) $(if $(DESK),--desk $(call quoted,$(DESK)))
down: setup  ## stop it; the data stays
	@$(DESK_RUN) down
ps: setup  ## what runs, how long, and how it does
	@$(DESK_RUN) ps
logs: setup  ## follow the logs: s=strategy n=200 (last lines first); all services without s
	@$(DESK_RUN) logs $(if $(s),$(call quoted,$(s))) $(if $(n),--lines $(call quoted,$(n)))
restart: setup  ## restart one service: s=strategy
	@$(DESK_RUN) restart $(call quoted,$(s))
scale: setup  ## run n replicas of a service: s=pnl n=3
	@$(DESK_RUN) scale -- $(call quoted,$(s)) $(call quoted,$(n))
replay: setup  ## see a stream again: stream=ticks from=09:20 to=09:30 speed=10 into=debug with=strategy how=new-book
	@$(DESK_RUN) replay $(call quoted,$(stream)) $(if $(from),--from $(call quoted,$(from))) $(if $(to),--to $(call quoted,$(to))) \
	  $(if $(speed),--speed $(call quoted,$(speed))) $(if $(into),--into $(call quoted,$(into))) $(if $(with),--with $(call quoted,$(with))) $(if $(how),--$(how))
clean: setup  ## delete the desk's data (asks first; yes=1 does not)
	@$(DESK_RUN) clean $(if $(yes),--yes)

#== Checks
test: setup  ## unit, integration and end-to-end tests
	@scripts/test $(only)
check: fmt-check lint types arch test  ## all that must pass before a change lands
fmt: setup  ## format the code
	@.venv/bin/ruff format $(CODE) && .venv/bin/ruff check --fix-only --select I $(CODE)
fmt-check: setup
	@.venv/bin/ruff format --check $(CODE)
lint: setup  ## ruff
	@.venv/bin/ruff check $(CODE)
types: setup  ## mypy --strict
	@.venv/bin/mypy $(CODE)
arch: setup  ## the import rules: services know no other service, the core knows no I/O
	@.venv/bin/lint-imports
feed-faults: setup  ## the feed's gate, all faults at random: seed=1 seconds=60
	@.venv/bin/python -m tests.integration.feed_gate --seed $(or $(seed),1) --seconds $(or $(seconds),60)
chaos: setup  ## the crash proof: minutes=5 seed=1 (RUNTIME=docker: in containers)
	@.venv/bin/python -m chaos $(if $(minutes),minutes=$(call quoted,$(minutes))) $(if $(seed),seed=$(call quoted,$(seed))) $(if $(RUNTIME),runtime=$(call quoted,$(RUNTIME)))
simulate: setup  ## the desk under a seeded scheduler: seeds=2000, or seed=17 again
	@.venv/bin/python -m simulation $(if $(seeds),seeds=$(call quoted,$(seeds))) $(if $(seed),seed=$(call quoted,$(seed))) $(if $(from),from=$(call quoted,$(from))) $(if $(jobs),jobs=$(call quoted,$(jobs)))
bench: setup  ## the benchmarks, a table and var/bench.json: only='feed writers' for some of them
	@.venv/bin/python -m benchmarks $(only)
bench-check: setup  ## has it become slower? Ratios of var/bench.json (or measured now) beside the recorded ones: only=feed
	@.venv/bin/python -m benchmarks check $(only)

#== Set up
setup:  ## make .venv (every other target does it by itself)
	@scripts/setup
lock:  ## write requirements.lock anew from the pyproject.toml files
	@[ -x .venv/bin/uv ] || scripts/setup
	@scripts/lock
help:
	@awk -F ':.*## ' '/^#==/ {sub("#== ", "\n"); print} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
