"""Model folders and hub ids: locating, reading, and device selection."""
