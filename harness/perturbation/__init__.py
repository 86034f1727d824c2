"""Perturbed queries: character noise and code-switching, at given rates, the same ones every time."""
