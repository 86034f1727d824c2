"""For the tests of plugins: a pytest class that checks the contract of a retrieval system."""

from clir_harness.harness.conformance.testing import SystemConformance

__all__ = ["SystemConformance"]
