"""Leaderboards: tables, pages and verdicts from the results store."""
