"""Model folders and hub ids: where they are, how they are read, on which device they run."""
