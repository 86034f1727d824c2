"""Commands of cells."""

from clir_harness.harness.execution.invocation import Invocation
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.suite import Row


def test_a_cells_command_has_the_options_that_concern_it() -> None:
    settings = ["bm25.k1=1.2", "psq.model=models/psq", "My row.b=0.3", "bm25s.k1=2"]
    called = Invocation("my suite.yaml", settings, ["teacher=DIR"], ["p.py"], data=True)
    row = Row(system="bm25", label="My row")
    assert called.of_cell(row, LanguagePair.parse("sw-en")) == (
        "clir run --suite 'my suite.yaml' --systems 'My row' --pairs sw-en --data DIR --set bm25.k1=1.2 "
        "--set 'My row.b=0.3' --model teacher=DIR --plugin p.py"
    )
