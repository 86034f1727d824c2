"""Where cells run."""

from harness.executors.local import LocalExecutor

__all__ = ["LocalExecutor"]
