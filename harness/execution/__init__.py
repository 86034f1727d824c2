"""Execution of suites: the plan, its cells, workers and records."""
