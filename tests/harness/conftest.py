from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def lookup() -> Path:
    """A plugin with a trainable system."""
    return Path(__file__).with_name("lookup_system.py")
