"""Shared parts of all trainings: loop, checkpoints, optimiser, vocabulary and initialisation."""
