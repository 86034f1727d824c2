"""The conformance kit: what every retrieval system must do, as one list of checks.

`clir check SYSTEM` runs it, and so does a pytest class (`testing.SystemConformance`). Each check
is fair to any system: none asks for a particular ranking, only for rankings that agree with one another and with
what was indexed.
"""

from __future__ import annotations

from collections.abc import Iterator

from clir_harness.harness.conformance import answers, edges, identities, indexes
from clir_harness.harness.conformance.check import Check, ConformanceError, NotCheckableError, Outcome, outcome
from clir_harness.harness.conformance.subject import Subject

CHECKS: tuple[Check, ...] = (
    answers.retrieves_something,
    answers.ids_come_back_byte_for_byte,
    answers.depth_is_respected,
    answers.a_shallow_ranking_begins_the_deep_one,
    answers.no_document_is_ranked_twice,
    answers.scores_are_finite_and_sorted,
    answers.deterministic_under_a_seed,
    answers.batch_size_does_not_matter,
    answers.query_order_does_not_matter,
    answers.earlier_queries_do_not_matter,
    edges.queries_without_words_are_answered,
    edges.endless_queries_are_answered,
    edges.queries_in_any_script_are_answered,
    edges.one_document_is_a_collection,
    edges.documents_without_text_do_no_harm,
    edges.endless_documents_are_indexed,
    edges.documents_are_a_stream,
    edges.declared_languages_are_honoured,
    indexes.the_index_is_all_there_is,
    indexes.the_index_works_in_another_process,
    indexes.the_index_can_be_moved,
    indexes.searching_leaves_the_index_alone,
    indexes.indexes_do_not_mix,
    identities.equal_settings_have_equal_identities,
    indexes.the_identity_is_the_same_in_another_process,
    identities.every_setting_is_in_the_identity,
    identities.index_settings_name_what_the_index_depends_on,
)
"""All checks, in the order in which they are carried out."""


def check_system(subject: Subject) -> Iterator[Outcome]:
    """Carry out all checks on a system, yielding each outcome as soon as it is known."""
    for one in CHECKS:
        yield outcome(one, subject)


__all__ = ["CHECKS", "Check", "ConformanceError", "NotCheckableError", "Outcome", "Subject", "check_system"]
