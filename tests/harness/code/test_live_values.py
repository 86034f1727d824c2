"""What a notebook's code names counts by content, whatever it is; each case is two definitions that differ in it."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.code.live_code import UNREPEATABLE, live_digest

SYSTEM = """
class Mine(RetrievalSystem):
    summary = "s"
    def index(self, documents, folder, context): return X
    def open(self, folder, context): ...
"""


def digest(source: str) -> str:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(
        compile("from clir_harness.harness.system import RetrievalSystem, SystemConfig\n" + source, "<cell>", "exec"),
        namespace,
    )
    return live_digest(namespace["Mine"])


VALUES = {
    "state of a random generator": ("import random\nX = random.Random(@)", "1", "2"),
    "method bound to one": ("import random\nX = random.Random(@).random", "1", "2"),
    "state of numpy's generator": ("import numpy as np\nX = np.random.default_rng(@)", "1", "2"),
    "factory of a defaultdict": ("from collections import defaultdict\nX = defaultdict(lambda: @)", "1", "2"),
    "method of a kind of dict": ("class V(dict):\n    def f(self): return @\nX = V()", "1", "2"),
    "attribute of a kind of list": ("class V(list): ...\nX = V()\nX.unknown = @", "1", "2"),
    "method of a named tuple": (
        "from collections import namedtuple\nclass V(namedtuple('V', 'a')):\n    def f(self): return @\nX = V(1)",
        "1",
        "2",
    ),
    "whole numbers beyond float32": ("import torch\nX = torch.tensor([@])", "16777216", "16777217"),
    "tensor in float64": ("import torch\nX = torch.tensor([@], dtype=torch.float64)", ".1", ".10000000001"),
    "bfloat16 or float32": ("import torch\nX = torch.ones(2, dtype=torch.@)", "bfloat16", "float32"),
    "mask of an array": ("import numpy as np\nX = np.ma.array([1, 2], mask=[0, @])", "0", "1"),
    "array of objects": ("import numpy as np\nX = np.array([1, '@'], dtype=object)", "a", "b"),
    "dates": ("import datetime\nX = datetime.date(2020, 1, @)", "1", "2"),
    "decimals": ("from decimal import Decimal\nX = Decimal('@')", "1.0", "1.00"),
    "getters": ("from operator import itemgetter\nX = itemgetter(@)", "0", "1"),
    "queues": ("from collections import deque\nX = deque([1, @])", "1", "2"),
    "special method that is no function": (
        "import functools\nclass V:\n    __call__ = functools.partial(print, @)\nX = V()",
        "1",
        "2",
    ),
    "class that code put together": ("X = type('V', (), {'f': lambda self: @})", "1", "2"),
    "positional only": ("def X(a, b@): return a", "", ", /"),
    "keyword only": ("def X(a, @b=None): return a", "", "*, "),
    "what a try is around": (
        "def X(a, b, c):\n    @",
        "try: a(); b()\n    except ValueError: c()",
        "a()\n    try: b()\n    except ValueError: c()",
    ),
    "what a partial method holds": (
        "import functools\nX = functools.partialmethod(print, @)",
        "1",
        "2",
    ),
}


@pytest.mark.parametrize(("source", "one", "other"), VALUES.values(), ids=VALUES.keys())
def test_a_value_counts_by_its_content(source: str, one: str, other: str) -> None:
    first = digest(source.replace("@", one) + SYSTEM)
    assert not first.startswith(UNREPEATABLE)
    assert digest(source.replace("@", one) + SYSTEM) == first
    assert digest(source.replace("@", other) + SYSTEM) != first


FACTORY = """
from dataclasses import dataclass, field
@dataclass
class X:
    a: int = field(default_factory=lambda: {value})
"""
SETTINGS = """
from typing import Annotated
from pydantic import AfterValidator, Field, field_validator
def more(value): return value + {value}
class S(SystemConfig):
    k: {setting}
class Mine(RetrievalSystem):
    Config = S
"""
CHECKED = """int = 1
    @field_validator("k")
    def check(cls, value): return value + {value}"""


@pytest.mark.parametrize(
    "source",
    [
        FACTORY + SYSTEM,
        SETTINGS.replace("{setting}", "Annotated[int, AfterValidator(more)] = 1"),
        SETTINGS.replace("{setting}", "int = Field(default_factory=lambda: {value})"),
        SETTINGS.replace("{setting}", CHECKED),
        "class Mine(RetrievalSystem):\n    model_name = '{value}'\n",
        "class Meta(type(RetrievalSystem)):\n    a = {value}\nclass Mine(RetrievalSystem, metaclass=Meta): ...\n",
    ],
)
def test_settings_and_attributes_of_any_name_count(source: str) -> None:
    first = digest(source.replace("{value}", "1"))
    assert not first.startswith(UNREPEATABLE)
    assert digest(source.replace("{value}", "1")) == first
    assert digest(source.replace("{value}", "2")) != first


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("X = lambda: eval('V')", "uses eval(), which can refer to anything"),
        ("def X(): return globals()['V']", "uses globals()"),
        (
            "import importlib\nX = lambda name: importlib.import_module(name)",
            "imports modules by computed names",
        ),
        ("X = open('/dev/null')", "global 'X' is a TextIOWrapper"),
        ("X = (x for x in [])", "global 'X' is a generator"),
        ("class V:\n    def __reduce_ex__(self, protocol): raise TypeError\nX = V()", "global 'X' is a V"),
        ("class V:\n    def __getattribute__(self, name): raise ValueError\nX = V()", "raised ValueError"),
        ("X = []\nfor _ in range(100_000): X = [X]", "raised RecursionError"),
    ],
)
def test_what_cannot_be_told_is_named(source: str, complaint: str) -> None:
    found = digest(source + SYSTEM)
    assert found.startswith(UNREPEATABLE)
    assert complaint in found


def test_locks_loggers_and_functions_of_libraries_do_not_keep_a_system_from_being_told() -> None:
    source = "import threading, logging, random, numpy\nfrom numpy import log\nfrom random import choice\n"
    found = digest(source + "X = [threading.Lock(), logging.getLogger('a'), log, choice, numpy.dot, len]" + SYSTEM)
    assert not found.startswith(UNREPEATABLE)


MODULES = {
    "imported in a function": ("", "from hlp import W"),
    "imported as a whole": ("import hlp", "hlp.W"),
    "named in a call": ("import importlib", "importlib.import_module('hlp')"),
    "in a package": ("import pkg.sub", "pkg.sub.W"),
    "in a package, imported in a function": ("", "import pkg.sub"),
}


@pytest.mark.parametrize(("top", "inside"), MODULES.values(), ids=MODULES.keys())
def test_a_module_counts_wherever_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, top: str, inside: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (tmp_path / "pkg" / "sub.py").write_text("from hlp import W\n")
    found = []
    for weight in ("1", "2.0"):
        (tmp_path / "hlp.py").write_text(f"W = {weight}\n")
        for name in [name for name in sys.modules if name.partition(".")[0] in ("hlp", "pkg")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        found.append(digest(top + SYSTEM.replace("return X", inside)))
    assert found[0] != found[1]


def test_a_built_in_system_that_was_patched_counts_as_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    from clir_harness.systems.bm25 import BM25

    source = "from clir_harness.systems.bm25 import BM25\nclass Mine(BM25): ...\n"
    before = digest(source)
    assert not before.startswith(UNREPEATABLE)
    monkeypatch.setattr(BM25, "supports", lambda self, pair: None)
    assert digest(source) != before


def test_digests_are_the_same_in_every_process(tmp_path: Path) -> None:
    sources = [source.replace("@", one) + SYSTEM for source, one, _ in VALUES.values()]
    (tmp_path / "digests.py").write_text(
        f"from tests.harness.code.test_live_values import digest\nfor source in {sources!r}: print(digest(source))\n"
    )
    root = str(Path(__file__).parents[3])
    found = {
        subprocess.run(
            [sys.executable, "digests.py"], cwd=tmp_path, env={"PYTHONHASHSEED": seed, "PYTHONPATH": root},
            check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
