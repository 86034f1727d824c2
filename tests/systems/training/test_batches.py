"""Which pairs make up which batch."""

from clir_harness.systems.training.batches import BatchOrder


def test_every_pair_comes_once_a_pass_in_an_order_of_its_own() -> None:
    order = BatchOrder(10, 5, seed=0)
    first, second = ([i for number in numbers for i in order[number]] for numbers in ((0, 1), (2, 3)))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_batches_are_full_and_fewer_pairs_than_a_batch_make_one() -> None:
    assert [len(BatchOrder(11, 4, seed=0)[number]) for number in range(4)] == [4, 4, 4, 4]
    assert BatchOrder(11, 4, seed=0).per_pass == 2
    assert sorted(BatchOrder(3, 8, seed=0)[5]) == [0, 1, 2]


def test_pairs_of_similar_length_are_batched_together() -> None:
    lengths = [7, 1, 9, 2, 8, 3, 1, 9]
    order = BatchOrder(len(lengths), 2, seed=4, lengths=lengths)
    batches = [sorted(lengths[i] for i in order[number]) for number in range(order.per_pass)]
    assert sorted(batches) == [[1, 1], [2, 3], [7, 8], [9, 9]]


def test_a_batch_depends_on_seed_and_number_alone() -> None:
    one, again, other = (BatchOrder(20, 4, seed=seed) for seed in (1, 1, 2))
    in_order = [one[number] for number in range(12)]
    assert [again[number] for number in (11, 0, 7)] == [in_order[number] for number in (11, 0, 7)]
    assert [other[number] for number in range(12)] != in_order
