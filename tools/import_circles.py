"""Fails when modules import one another in a circle, `__init__` included; imports for types alone do not count."""

from graphlib import TopologicalSorter

import grimp

graph = grimp.build_graph("clir_harness", exclude_type_checking_imports=True, cache_dir=None)
TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
