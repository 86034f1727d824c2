"""The benchmark engine: collections, systems, runs, evaluation, experiments and their store."""
