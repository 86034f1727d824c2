"""Run the command line as a module: `python -m harness.cli`."""

from harness.cli import main

main()
