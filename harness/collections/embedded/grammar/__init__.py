"""Grammars: meanings in, sentences out, one class per language."""

from __future__ import annotations

from clir_harness.harness.collections.embedded.grammar.base import Grammar, Word
from clir_harness.harness.collections.embedded.grammar.chinese import Chinese
from clir_harness.harness.collections.embedded.grammar.english import English
from clir_harness.harness.collections.embedded.grammar.marathi import Marathi
from clir_harness.harness.collections.embedded.grammar.romance import French, Spanish
from clir_harness.harness.collections.embedded.grammar.somali import Somali
from clir_harness.harness.collections.embedded.grammar.swahili import Swahili
from clir_harness.harness.collections.embedded.grammar.tagalog import Tagalog
from clir_harness.harness.errors import UnknownNameError

__all__ = ["Grammar", "Word", "grammar"]

_GRAMMARS = {kind.language: kind() for kind in (English, French, Spanish, Chinese, Swahili, Somali, Tagalog, Marathi)}


def grammar(language: str) -> Grammar:
    """The grammar of a language.

    Raises:
        UnknownNameError: when there is none.
    """
    if language not in _GRAMMARS:
        raise UnknownNameError("language of the embedded collection", language, _GRAMMARS)
    return _GRAMMARS[language]
