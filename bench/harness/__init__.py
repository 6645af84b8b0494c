"""The parts of bench/run: inputs, cases, measuring, tables."""
