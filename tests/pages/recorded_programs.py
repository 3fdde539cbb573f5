"""Runs programs one after the other in one process, recorded: each of its own would import for longer than it works.

python recorded_programs.py PROGRAM…
"""

import runpy
import sys

import literalai_otel

literalai_otel.init()
for program in sys.argv[1:]:
    runpy.run_path(program, run_name="__main__")
if not literalai_otel.flush(timeout=20):
    sys.exit("what was recorded did not arrive")
