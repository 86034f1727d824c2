"""The conformance kit as a pytest class, for the tests of a system's author.

In a test module::

    from clir_harness.testing import SystemConformance

    class TestMySystem(SystemConformance):
        system = "my-system"
        pair = "sw-en"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from clir_harness.harness.conformance import CHECKS, Check, NotCheckableError, Subject
from clir_harness.harness.plugins.files import load_plugin_file


class SystemConformance:
    """Tests of a registered system, one a check; subclass it under a name that begins with `Test`.

    Class attributes:
        system: its registered name.
        settings: its settings.
        pair: language pair; the first common one it takes when not given.
        plugins: Python files that register it, when no installed package does.
    """

    system: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]] = {}
    pair: ClassVar[str | None] = None
    plugins: ClassVar[Sequence[str | Path]] = ()

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        """The system under test; its indexes are shared by the tests of the class."""
        for plugin in cls.plugins:
            load_plugin_file(Path(plugin))
        return Subject.of(cls.system, tmp_path_factory.mktemp("conformance"), cls.settings, cls.pair)

    @pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
    def test_conforms(self, check: Check, subject: Subject) -> None:
        """The system passes the check, or the check does not apply to it.

        Args:
            check: the check.
            subject: the system under test.
        """
        try:
            check(subject)
        except NotCheckableError as error:
            pytest.skip(error.message)
