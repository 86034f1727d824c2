"""The benchmark engine: collections, systems, runs, evaluation, experiments and their store."""

if __name__ == "harness":  # a checkout on the path: a second copy of every module, with registries of its own
    raise ImportError(
        "import clir_harness.harness instead of harness: its import name since version 0.2", name="harness"
    )
