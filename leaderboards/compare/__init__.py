"""Two states of a board compared cell by cell, with verdicts by rules: what improved, what regressed."""
