"""Retrieval systems that ship with clir-harness."""
