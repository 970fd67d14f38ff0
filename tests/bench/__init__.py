"""Benchmarks: each prints JSON lines and then a small table."""
