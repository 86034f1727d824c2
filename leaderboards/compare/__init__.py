"""Comparison of two states of a board, cell by cell, with verdicts by rules."""
