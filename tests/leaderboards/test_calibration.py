"""Calibration of a board's rows: per pair, tier and suite, from the runs in the store."""

from __future__ import annotations

import json

import numpy as np
import pytest

from clir_harness.cli.calibration import command
from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.languages import ResourceTier
from clir_harness.harness.store import Store
from clir_harness.leaderboards.calibration import calibrate_suite
from clir_harness.leaderboards.statistics.reliability import brier_score, expected_calibration_error
from clir_harness.leaderboards.statistics.score_scaling import cross_fitted, scored_documents

SCRIPTED = {"system": "scripted"}
PAIRS = ["fr-en", "sw-en"]


def test_two_queries_worked_by_hand(world):
    # q1: d1 (score 1) relevant. q2: d3 (1) not relevant, d2 (1/2) relevant. Each is scaled by the other.
    # q1's documents: 1 -> 0.5, as d2 and d3 pool. q2's: 1 and 1/2 -> 1, as only d1 is known.
    world.run(world.suite(SCRIPTED, pairs=["fr-en"]))
    (system,) = calibrate_suite(world.store, "mini").systems
    found = system.pairs["mini/fr-en"]
    assert (found.queries, found.documents, found.relevant) == (2, 3, 2)
    assert found.brier == pytest.approx((0.5**2 + 1 + 0) / 3)
    # One document at 0.5 that is relevant, two at 1 of which one is.
    assert found.ece_equal_width == pytest.approx((0.5 + 2 * 0.5) / 3)
    assert [(one.documents, one.probability, one.relevant) for one in found.equal_width] == [
        (1, 0.5, 1.0),
        (2, 1.0, 0.5),
    ]


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_tiers_and_the_suite_are_the_documents_of_their_pairs_together(world, method):
    world.run(world.suite(SCRIPTED, pairs=PAIRS))
    (system,) = calibrate_suite(world.store, "mini", method, seed=4).systems
    store = Store(world.store, create=False)
    truth, predicted = [], []
    for cell in store.board("mini").cells:
        digest = store.cell(cell.key).collection.qrels_digest
        documents = scored_documents(store.run(cell.key), store.qrels(digest))
        truth.append(documents.relevant)
        predicted.append(cross_fitted(documents, method, seed=4))
    relevant, probabilities = np.concatenate(truth), np.concatenate(predicted)
    assert system.overall.documents == 7
    assert system.overall.brier == brier_score(probabilities, relevant)
    for name in ("ece_equal_width", "ece_equal_mass"):
        expected = expected_calibration_error(probabilities, relevant, equal_mass=name == "ece_equal_mass")
        assert getattr(system.overall, name) == expected
    assert system.tiers[ResourceTier.HIGH] == system.pairs["mini/fr-en"]
    assert system.tiers[ResourceTier.LOW] == system.pairs["mini/sw-en"]
    assert system.tiers[ResourceTier.MEDIUM] is None


def test_a_pair_without_a_result_makes_its_tier_and_the_suite_missing_and_says_why(world, scripted):
    world.run(world.suite(scripted("breaks", fails_on="fr"), pairs=[*PAIRS, "tl-en"]))
    (system,) = calibrate_suite(world.store, "mini").systems
    assert system.pairs["mini/sw-en"] is not None
    assert (system.pairs["mini/fr-en"], system.tiers[ResourceTier.HIGH], system.overall) == (None, None, None)
    assert system.reasons == {
        "mini/fr-en": "out of luck",
        "mini/tl-en": "calibration needs two judged queries with retrieved documents",
    }


def test_the_command_prints_a_table_and_the_points_of_the_diagrams(world, capsys):
    world.run(world.suite(SCRIPTED, pairs=PAIRS))
    command.main(["--suite", "mini", "--store", str(world.store)], standalone_mode=False)
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["scripted", "fr→en", "2", "3", "2", "0.4167", "0.5000", "0.5000"] in lines
    assert [line[1] for line in lines[1:]] == ["fr→en", "sw→en", "high", "low", "all"]
    assert "documents without a judgement are not relevant" in shown.err
    command.main(["--suite", "mini", "--store", str(world.store), "--json"], standalone_mode=False)
    (system,) = json.loads(capsys.readouterr().out)["systems"]
    points = system["pairs"]["mini/fr-en"]["equal_width"]
    assert points == [
        {"documents": 1, "probability": 0.5, "relevant": 1.0},
        {"documents": 2, "probability": 1.0, "relevant": 0.5},
    ]


def test_unknown_suites_and_wrong_settings_are_refused(world):
    world.run(world.suite(SCRIPTED, pairs=PAIRS))
    with pytest.raises(UnknownNameError, match="did you mean 'mini'"):
        calibrate_suite(world.store, "mimi")
    with pytest.raises(UsageError, match="depth 0"):
        calibrate_suite(world.store, "mini", depth=0)
    with pytest.raises(UsageError, match="0 bins"):
        calibrate_suite(world.store, "mini", bins=0)
