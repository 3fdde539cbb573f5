"""`literalai-otel doctor`: what may be wrong with a set-up, and what to do about it."""

import logging
from typing import TYPE_CHECKING, Annotated, Final

import typer

from literalai_otel.cli.connection import KeyOption, UrlOption
from literalai_otel.cli.terminal import console

if TYPE_CHECKING:
    from literalai_otel.diagnosis import Finding

EXIT_WARNINGS: Final = 1
"""Something is doubtful, and `--strict` asks for that to count."""
EXIT_FAILURES: Final = 2
"""Something is wrong."""
_STYLES: Final = {"pass": "green", "warn": "yellow", "fail": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count: exit code 1.")] = False,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Check this environment: versions, instrumentors, who sets OpenTelemetry up, content, address, key, a test call.

    Run it where the application runs, with the same environment variables. Under `opentelemetry-instrument` it looks at
    the tracer provider as well. The test call is deleted again.

    Exit code 0, 1 for warnings with --strict, 2 for failures.
    """
    from literalai_otel.diagnosis import Scene, diagnose, worst

    # What becomes of the test call is a finding; delivery need not say it as well.
    logging.getLogger("literalai_otel").setLevel(logging.CRITICAL)
    findings: list[Finding] = []
    for finding in diagnose(Scene(api_url=url, api_key=api_key)):
        findings.append(finding)
        if not as_json:
            _draw(finding)
    verdict = worst(findings)
    if as_json:
        from literalai_otel.jsonable import dumps_text

        typer.echo(dumps_text({"verdict": verdict, "findings": [_wire(finding) for finding in findings]}))
    else:
        _draw_sum(findings)
    if verdict == "fail":
        raise typer.Exit(EXIT_FAILURES)
    if verdict == "warn" and strict:
        raise typer.Exit(EXIT_WARNINGS)


def _draw(finding: "Finding") -> None:
    """One finding as a row of a table whose columns are the same for all: each is printed as soon as it is known."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    out.soft_wrap = False
    row = Table.grid(padding=(0, 2))
    row.add_column(width=4, no_wrap=True)
    row.add_column(width=20)
    row.add_column(overflow="fold")
    row.add_row(Text(finding.verdict, style=_STYLES[finding.verdict]), Text(finding.about), Text(finding.says))
    if finding.fix:
        row.add_row("", Text("fix", style="bold"), Text(finding.fix))
    out.print(row)


def _draw_sum(findings: "list[Finding]") -> None:
    from literalai_otel.cli.line import counted

    counts = {name: sum(finding.verdict == name for finding in findings) for name in _STYLES}
    console().print(
        f"\n{counts['pass']} passed, {counted(counts['warn'], 'warning')}, {counted(counts['fail'], 'failure')}"
    )


def _wire(finding: "Finding") -> dict[str, str]:
    said = {"about": finding.about, "verdict": finding.verdict, "says": finding.says}
    return said | ({"fix": finding.fix} if finding.fix else {})
