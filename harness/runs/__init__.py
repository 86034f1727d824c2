"""Runs: what systems answer, in memory and as TREC files, read strictly."""
