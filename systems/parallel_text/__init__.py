"""Parallel text: readers, filters, and the data of trainings."""
