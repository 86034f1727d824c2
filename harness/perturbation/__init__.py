"""Perturbed queries: character noise and code-switching at given rates, reproducible."""
