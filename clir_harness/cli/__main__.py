"""Run the command line as a module: `python -m clir_harness.cli`."""

from clir_harness.cli import main

main()
