"""Write features.md: each feature row with the tests that proved it, then the rows still without.

    python docs/features.py REPORT [REPORT …]

A report is what `pytest --feature-report FILE` wrote; `make features` runs the tests and this.
"""

import json
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

DOCS = Path(__file__).parent


def proofs(reports: list[Path]) -> dict[str, set[str]]:
    """Row id -> tests that passed, without their parameters: `tests/x.py::test_y`."""
    found: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        for line in report.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            for row in entry["rows"]:
                found[row].add(entry["test"].partition("[")[0])
    return found


def page(rows: dict[str, dict[str, str]], proven: dict[str, set[str]]) -> str:
    """The Markdown of features.md."""
    with_proof = [row for row in rows if proven.get(row)]
    without = [row for row in rows if not proven.get(row)]
    lines = [
        "# Features",
        "",
        f"{len(with_proof)} of {len(rows)} rows have tests. Written by `make features` from `features.toml` and a "
        "test run; do not edit.",
        "",
        "| Row | Area | Capability | Proven by |",
        "|---|---|---|---|",
    ]
    for row in with_proof:
        tests = "<br>".join(f"`{test}`" for test in sorted(proven[row]))
        lines.append(f"| {row} | {rows[row]['area']} | {_cell(rows[row]['text'])} | {tests} |")
    lines += ["", "## Still without", "", "| Row | Area | Capability |", "|---|---|---|"]
    lines += [f"| {row} | {rows[row]['area']} | {_cell(rows[row]['text'])} |" for row in without]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page; the exit code is 2 when no report was named."""
    if not arguments:
        sys.stderr.write(__doc__ or "")
        return 2
    rows = tomllib.loads((DOCS / "features.toml").read_text(encoding="utf-8"))
    proven = proofs([Path(argument) for argument in arguments if Path(argument).exists()])
    (DOCS / "features.md").write_text(page(rows, proven), encoding="utf-8")
    sys.stdout.write(f"docs/features.md: {sum(bool(proven.get(row)) for row in rows)} of {len(rows)} rows proven\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
