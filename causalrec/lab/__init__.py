"""Studies started by hand: benchmarks, simulators, refuters over many seeds. Nothing else imports it."""
