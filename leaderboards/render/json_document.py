"""Leaderboards as JSON documents, schema `clir-harness/leaderboard`, version 1.

Keys are sorted and nothing depends on when or where the document is made: the same store gives the same text. The
only times in it are those at which cells were finished. ::

    schema, schema_version
    suite           name, title, description, depth
    version         of the harness that planned the board
    measures        names in ir-measures' language; the first one ranks the rows
    collections     in suite order; those with data are what averages are over
        id, pair, tier, query_language, document_language, description, licence, synthetic, warnings
        documents, queries, judged_queries, judgements, relevant        null when the data was never there
        missing                     why there is no data and what to do; "" when there is
    rows            best macro average of the first measure first, those without one last
        label, system, queries, settings
        averages                    by measure: macro, high, low, gap; null when a cell of the set has no result
        cells                       one per collection with data, in their order
            collection, state       done | failed | not applicable | missing data | not run
            reason                  why there is no result; "" when there is one
            means                   by measure; {} unless done
            judged, unanswered, unjudged        numbers of queries; null unless done
            costs                   seconds, bytes, queries per second, milliseconds; {} unless done
            provenance              key, command, depth, seed, finished, machine, version, identity, index, tie_rate,
                                    as far as the cell got; identity is all that its result depends on

Per-query scores stay in the store, under the cell's key.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from leaderboards.entries import BoardRow, Column, Entry
from leaderboards.leaderboard import Leaderboard

SCHEMA = "clir-harness/leaderboard"
SCHEMA_VERSION = 1
PROVENANCE = (*("key", "command", "depth", "seed", "finished", "machine", "version", "identity", "index", "tie_rate"),)


def render_json(board: Leaderboard) -> str:
    """The board as a document of the schema above, indented, with a final line break."""
    document = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "suite": {
            "name": board.suite,
            "title": board.title,
            "description": board.description,
            "depth": board.depth,
        },
        "version": board.version,
        "measures": board.measures,
        "collections": [_collection(column) for column in (*board.columns, *board.absent)],
        "rows": [_row(board, row) for row in board.ranked()],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _collection(column: Column) -> dict[str, Any]:
    return {**dataclasses.asdict(column), "pair": str(column.pair)}


def _row(board: Leaderboard, row: BoardRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "system": row.system,
        "queries": row.queries,
        "settings": row.settings,
        "averages": {measure: board.averages(row, measure) for measure in board.measures},
        "cells": [_cell(column, entry) for column, entry in zip(board.columns, row.entries, strict=True)],
    }


def _cell(column: Column, entry: Entry) -> dict[str, Any]:
    return {
        "collection": column.id,
        "state": entry.state.value,
        "reason": entry.reason,
        "means": entry.means,
        "judged": entry.judged,
        "unanswered": entry.unanswered,
        "unjudged": entry.unjudged,
        "costs": entry.costs,
        "provenance": {name: entry.record[name] for name in PROVENANCE if name in entry.record},
    }
