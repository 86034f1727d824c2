"""Provenance of a run, as written in the header of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clir_harness.harness.identity import fingerprint, package_version
from clir_harness.harness.record import Machine, TrackRecord
from clir_harness.harness.record_identity import CellIdentity


def ir_metadata(
    identity: CellIdentity, machine: Machine, command: str, track: TrackRecord | None, index: Mapping[str, Any]
) -> dict[str, Any]:
    """Provenance in the terms of ir_metadata (Breuer et al. 2022, https://www.ir-metadata.org).

    Args:
        identity: of the cell, which has a system.
        machine: that carried it out.
        command: command line that carries it out.
        track: what perturbs the queries, if anything.
        index: what the system says about its index and its search.

    Returns:
        A value of mappings, lists, text and numbers.
    """
    system, plain = identity.system, identity.plain()
    assert system is not None
    queries = {"queries": identity.queries.variant} | ({"track": track.plain()} if track else {})
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
            "executable": {"cmd": command},
            "source": {"name": "clir-harness", "version": package_version("clir-harness")},
        },
        "method": {
            "automatic": "true",
            "retrieval": [{"name": system.name, **system.settings, **index}],
        },
        "data": {"test collection": {"name": identity.collection.id, **queries}},
        "clir-harness": {"cell": fingerprint(identity), "identity": plain},
    }
