"""Leaderboards: tables, pages and verdicts from the results store."""

if __name__ == "leaderboards":  # a checkout on the path: a second copy of every module, with registries of its own
    raise ImportError(
        "import clir_harness.leaderboards instead of leaderboards: its import name since version 0.2",
        name="leaderboards",
    )
