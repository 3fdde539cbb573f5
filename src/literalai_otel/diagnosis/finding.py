"""What a check says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["pass", "warn", "fail"]
VERDICTS: Final[tuple[Verdict, ...]] = ("pass", "warn", "fail")
"""From good to bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the diagnosis.

    Attributes:
        about: What was looked at.
        verdict: `fail`: steps are lost or nothing is recorded; `warn`: something to know, or to do.
        says: What was found, in one or two sentences.
        fix: What to do about it; empty for a pass alone.
    """

    about: str
    verdict: Verdict
    says: str
    fix: str = ""


def fine(about: str, says: str) -> Finding:
    """A pass."""
    return Finding(about=about, verdict="pass", says=says)


def doubtful(about: str, says: str, fix: str) -> Finding:
    """A warning with its fix."""
    return Finding(about=about, verdict="warn", says=says, fix=fix)


def wrong(about: str, says: str, fix: str) -> Finding:
    """A failure with its fix."""
    return Finding(about=about, verdict="fail", says=says, fix=fix)


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst verdict among `findings`, `pass` for none."""
    return VERDICTS[max((VERDICTS.index(finding.verdict) for finding in findings), default=0)]
