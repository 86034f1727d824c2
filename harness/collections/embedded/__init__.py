"""The embedded collection: synthetic documents, topics and bitext over authored lexicons and grammars.

Everything in it is generated: it shows that systems work and learn, and says nothing about real documents.
"""

from clir_harness.harness.collections.embedded.bitext import bitext, write_bitext
from clir_harness.harness.collections.embedded.source import EmbeddedConfig, EmbeddedSource

__all__ = ["EmbeddedConfig", "EmbeddedSource", "bitext", "write_bitext"]
