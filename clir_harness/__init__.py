"""Cross-lingual retrieval, benchmarked."""
