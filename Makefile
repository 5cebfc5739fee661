# The two commands of the README, and short names for the chores behind them (cargo xtask).
.PHONY: run test bench tidy

# Sluice with examples/demo.cfg in front of two demo origins.
run:
	cargo run --release --package proxy -- --demo

# Installs the Debian packages that are missing (or says which), then: formatting, clippy, house rules,
# licences, unit tests, scenarios and generated cases beside the packaged HAProxy. Ends with a count.
test:
	@cargo xtask test

# CPU, latency and memory beside HAProxy and nginx; writes bench/results and the README's table.
bench:
	cargo xtask bench

tidy:
	cargo xtask tidy
