"""Retrieval systems that ship with clir-harness."""

if __name__ == "systems":  # a checkout on the path: a second copy of every module, with registries of its own
    raise ImportError(
        "import clir_harness.systems instead of systems: its import name since version 0.2", name="systems"
    )
