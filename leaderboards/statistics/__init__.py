"""The statistics of leaderboards: tests, intervals, ranks and calibration."""
