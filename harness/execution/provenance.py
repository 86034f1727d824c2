"""Provenance of a run, as written in the header of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clir_harness.harness.execution.records import RecordMaker
from clir_harness.harness.identity import fingerprint, package_version


def ir_metadata(cell: RecordMaker, index: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance in the terms of ir_metadata (Breuer et al. 2022, https://www.ir-metadata.org).

    Args:
        cell: makes the record of the cell, which a system answered on a machine.
        index: what the system says about its index and its search.

    Returns:
        A value of mappings, lists, text and numbers.
    """
    identity, machine = cell.identity, cell.machine
    system = identity.system
    assert system is not None
    assert machine is not None
    queries = {"queries": identity.queries.variant} | ({"track": cell.track.plain()} if cell.track else {})
    return {
        "platform": {
            "hardware": {
                "cpu": {"model": machine.processor, "number of cores": machine.cores},
                "ram": f"{machine.memory_bytes / 2**30:.1f} GiB",
            },
            "operating system": {"distribution": machine.system},
            "software": {"libraries": {"python": [f"{name}=={found}" for name, found in system.packages.items()]}},
        },
        "implementation": {
            "executable": {"cmd": cell.command},
            "source": {"name": "clir-harness", "version": package_version("clir-harness")},
        },
        "method": {
            "automatic": "true",
            "retrieval": [{"name": system.name, **system.settings, **index}],
        },
        "data": {"test collection": {"name": identity.collection.id, **queries}},
        "clir-harness": {"cell": fingerprint(identity), "identity": identity.plain()},
    }
