"""The command line that runs a cell, for people to type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.suite import Row


@dataclass(frozen=True, slots=True)
class Invocation:
    """How an experiment was called.

    Args:
        suite: name or file.
        settings: changes of settings, `SYSTEM.FIELD=VALUE`.
        models: `NAME=FOLDER`.
        plugins: files.
        data: whether there was a data folder; its place is the machine's own and is not shown.
    """

    suite: str
    settings: Sequence[str] = ()
    models: Sequence[str] = ()
    plugins: Sequence[str] = ()
    data: bool = False

    def of_cell(self, row: Row, pair: LanguagePair) -> str:
        """The command that runs one row on one pair, with the changes of settings that concern the row.

        Args:
            row: the row.
            pair: the language pair.

        Returns:
            The command line.
        """
        ours = [one for one in self.settings if one.startswith((f"{row.label}.", f"{row.system}."))]
        options = {"--set": ours, "--model": self.models, "--plugin": self.plugins}
        words = ["clir", "run", "--suite", self.suite, "--systems", row.label, "--pairs", str(pair)]
        words += ["--data", "DIR"] if self.data else []
        words += [word for name, values in options.items() for value in values for word in (name, value)]
        return shlex.join(words)
