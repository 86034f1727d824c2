"""Where a run comes from, as written at the head of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ir_metadata(header: Mapping[str, Any], index: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance in the terms of ir_metadata (Breuer et al. 2022, https://www.ir-metadata.org).

    Args:
        header: what is kept of any cell, failed or done.
        index: what the system says about its index.
    """
    identity, where = header["identity"], header["machine"]
    queries = {"queries": identity["queries"]["variant"]} | ({"track": header["track"]} if header["track"] else {})
    return {
        "platform": {
            "hardware": {
                "cpu": {"model": where["processor"], "number of cores": where["cores"]},
                "ram": f"{where['memory_bytes'] / 2**30:.1f} GiB",
            },
            "operating system": {"distribution": where["system"]},
            "software": {
                "libraries": {"python": [f"{name}=={found}" for name, found in identity["system"]["packages"].items()]}
            },
        },
        "implementation": {
            "executable": {"cmd": header["command"]},
            "source": {"name": "clir-harness", "version": header["version"]},
        },
        "method": {
            "automatic": "true",
            "retrieval": [{"name": identity["system"]["name"], **identity["system"]["settings"], **index}],
        },
        "data": {"test collection": {"name": header["collection"]["id"], **queries}},
        "clir-harness": {"cell": header["key"], "identity": identity},
    }
