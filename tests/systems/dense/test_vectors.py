from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.systems.dense.vectors import Graph, VectorIndex, Vectors, build_index

RNG = np.random.default_rng(7)
CLOUD = RNG.standard_normal((1500, 16)).astype(np.float32)
IDS = [f"d{number:04}" for number in range(len(CLOUD))]
ASKED = RNG.standard_normal((40, 16)).astype(np.float32)


def batches(ids: list[str], vectors: Vectors, size: int = 256) -> Iterator[tuple[list[str], Vectors]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size], vectors[start : start + size]


def brute_force(query: Vectors, depth: int) -> list[str]:
    scores = CLOUD.astype(np.float64) @ query.astype(np.float64)
    return [IDS[row] for row in np.argsort(-scores)[:depth]]


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    folder = tmp_path_factory.mktemp("flat")
    assert build_index(batches(IDS, CLOUD), 16, folder) == 1500
    assert sorted(file.name for file in folder.iterdir()) == ["docids.json", "index.faiss"]
    return VectorIndex(folder)


def test_exact_search_is_brute_force(flat: VectorIndex) -> None:
    for query, ranking in zip(ASKED, flat.search(ASKED, 50), strict=True):
        assert [document for document, _ in ranking] == brute_force(query, 50)
        best = float(CLOUD[IDS.index(ranking[0][0])] @ query)
        assert ranking[0][1] == pytest.approx(best, rel=1e-5)


def test_batches_and_depths_do_not_bear_on_rankings(flat: VectorIndex) -> None:
    together = flat.search(ASKED, 100)
    assert [flat.search(query[None], 100)[0] for query in ASKED] == together
    for depth in (1, 7, 99):
        assert [ranking[:depth] for ranking in together] == flat.search(ASKED, depth)
    assert all(len(ranking) == 1500 for ranking in flat.search(ASKED[:2], 5000))


def test_ties_are_in_the_order_of_ids_descending_even_where_they_are_cut(tmp_path: Path) -> None:
    twins = np.repeat(CLOUD[:1], 300, axis=0)
    build_index(batches(IDS[:300], twins), 16, tmp_path)
    (ranking,) = VectorIndex(tmp_path).search(CLOUD[:1], 5)
    assert [document for document, _ in ranking] == ["d0299", "d0298", "d0297", "d0296", "d0295"]


def test_a_document_has_the_score_of_its_best_passage_and_comes_once(tmp_path: Path) -> None:
    ids = ["a"] * 200 + ["b", "b", "c"]
    vectors = np.zeros((203, 2), np.float32)
    vectors[:200, 0] = np.linspace(9, 10, 200)  # 200 passages of one document, before all others
    vectors[200:, 0] = [5, 7, 6]
    build_index(batches(ids, vectors), 2, tmp_path)
    (ranking,) = VectorIndex(tmp_path).search(np.array([[1, 0]], np.float32), 3)
    assert ranking == [("a", 10.0), ("b", 7.0), ("c", 6.0)]


def test_a_graph_finds_nearly_all_of_the_best_and_is_the_same_each_time(tmp_path: Path) -> None:
    rankings = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        build_index(batches(IDS, CLOUD), 16, tmp_path / name, graph=Graph(16, 80))
        rankings.append(VectorIndex(tmp_path / name, ef_search=100).search(ASKED, 10))
    assert rankings[0] == rankings[1]
    assert (tmp_path / "one" / "index.faiss").read_bytes() == (tmp_path / "two" / "index.faiss").read_bytes()
    found = [len({d for d, _ in r} & set(brute_force(q, 10))) for q, r in zip(ASKED, rankings[0], strict=True)]
    assert np.mean(found) >= 9.5  # recall of .95


def test_a_shallow_ranking_of_a_graph_begins_the_deep_one(tmp_path: Path) -> None:
    build_index(batches(IDS, CLOUD), 16, tmp_path, graph=Graph(16, 80))
    index = VectorIndex(tmp_path, ef_search=60)
    deep = index.search(ASKED, 1000)
    assert {len(ranking) for ranking in deep} == {60}
    assert index.search(ASKED, 9) == [ranking[:9] for ranking in deep]


def test_an_index_of_nothing_answers_nothing(tmp_path: Path) -> None:
    assert build_index([], 16, tmp_path) == 0
    assert VectorIndex(tmp_path).search(ASKED[:2], 10) == [[], []]


def test_an_index_too_large_for_memory_is_refused_while_it_streams(tmp_path: Path) -> None:
    taken: list[int] = []

    def endless() -> Iterator[tuple[list[str], Vectors]]:
        while True:
            taken.append(100)
            yield [f"d{len(taken)}-{i}" for i in range(100)], CLOUD[:100]

    with pytest.raises(UsageError, match="the index of 200 vectors of 16 dimensions so far needs"):
        build_index(endless(), 16, tmp_path, memory=10_000)
    assert sum(taken) == 200  # 100 vectors of 16 * 4 bytes are 6,400, 200 are 12,800


def test_a_vector_that_is_not_finite_names_its_document(tmp_path: Path) -> None:
    broken = CLOUD[:3].copy()
    broken[1, 4] = np.nan
    with pytest.raises(DataError, match="no finite vector for document 'd0001'"):
        build_index([(IDS[:3], broken)], 16, tmp_path)


def test_a_damaged_index_is_refused(tmp_path: Path) -> None:
    build_index(batches(IDS, CLOUD), 16, tmp_path)
    (tmp_path / "docids.json").write_text('["d0"]')
    with pytest.raises(DataError, match="has 1500 vectors and 1 ids"):
        VectorIndex(tmp_path)
    (tmp_path / "index.faiss").write_bytes(b"IxFI")
    with pytest.raises(DataError, match="holds no readable index"):
        VectorIndex(tmp_path)
