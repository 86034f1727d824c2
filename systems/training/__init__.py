"""What all trainings share: one loop, one checkpoint, optimiser, vocabulary and starts."""
