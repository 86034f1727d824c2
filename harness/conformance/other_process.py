"""The other process of the kit: reads a job from standard input, writes identity and rankings to standard output."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from clir_harness.harness.conformance.subject import Subject
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.plugins.files import load_plugin_file


def main() -> None:
    """Open an index that another process has built, and answer the kit's queries."""
    job = json.loads(sys.stdin.readline())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # output of libraries must not mix with the answer
    for plugin in job["plugins"]:
        load_plugin_file(Path(plugin))
    folder = Path(job["folder"])
    subject = Subject(job["system"], job["settings"], LanguagePair(*job["pair"]), folder.parent, job["seed"])
    rankings = [
        [(document, float(score)) for document, score in ranking] for ranking in subject.answer(folder, subject.queries)
    ]
    with answers:
        json.dump({"identity": subject.identity(), "rankings": rankings}, answers)


if __name__ == "__main__":
    main()
