"""Versions of code: what the results of a plugin depend on."""
