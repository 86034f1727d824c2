"""Deprecation: a public name, setting or option that goes away warns first, for as long as docs/deprecation.md says."""

from __future__ import annotations

import warnings


class ClirDeprecationWarning(FutureWarning):
    """Something public is used that a later version removes; a `FutureWarning`, because Python shows those to users."""


def warn_deprecated(name: str, *, since: str, removed_in: str, instead: str) -> None:
    """Warn the caller of a deprecated function, or the user of a deprecated setting or option.

    Called where the old form is still accepted. A test reads these calls in the source and fails when the version of
    `pyproject.toml` has reached `removed_in`, so all versions are written as literals.

    Args:
        name: what is deprecated, as its user writes it: `clir run --old`, `bm25.old`, `clir_harness.old()`.
        since: version whose changelog lists it under Deprecated.
        removed_in: first version without it.
        instead: what to use, in the imperative: "use `--new`".

    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warn_deprecated("`--old`", since="1.2", removed_in="2.0", instead="use `--new`")
    >>> print(caught[0].message)
    `--old` is deprecated since version 1.2 and will be removed in version 2.0: use `--new`
    """
    warnings.warn(
        f"{name} is deprecated since version {since} and will be removed in version {removed_in}: {instead}",
        ClirDeprecationWarning,
        stacklevel=3,
    )
