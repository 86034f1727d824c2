"""Suites carried out: the plan, its cells, where they run and what is kept of them."""
