"""Probabilistic structured queries: a translation table learned from parallel text, inside BM25."""
