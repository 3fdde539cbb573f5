"""What may be wrong with a set-up, in plain words: `literalai-otel doctor`.

A check is a function from a `Scene` (settings, installed packages, server) to findings; `checks.CHECKS` is the list.
Each finding that is no pass names its fix. Nothing here raises, and no check keeps the next one from running.
"""

from literalai_otel.diagnosis.checks import CHECKS, diagnose
from literalai_otel.diagnosis.finding import Finding, Verdict, worst
from literalai_otel.diagnosis.scene import Scene

__all__ = ["CHECKS", "Finding", "Scene", "Verdict", "diagnose", "worst"]
