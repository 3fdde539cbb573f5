"""`literalai-otel replay`: send what programs left behind in the spool, or show what there is."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from literalai_otel.cli.connection import KeyOption, UrlOption, connected
from literalai_otel.cli.line import counted, seconds_text, thousands
from literalai_otel.cli.progress import Progress
from literalai_otel.cli.tables import printed
from literalai_otel.cli.terminal import EXIT_PROBLEM, EXIT_SETTINGS, console, explained, fail

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi
    from literalai_otel.config import Config
    from literalai_otel.export.replay import Replayed
    from literalai_otel.export.spool import Survey, TargetRow


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(replay)


def replay(
    dir: Annotated[
        Path | None, typer.Option("--dir", help="Folder of the spool; LITERAL_SPOOL_DIR otherwise.", show_default=False)
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Send again what the server refused for good.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Only show what there is.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Send the steps that ended programs left in the spool, in order, to the server and project of the key.

    Steps of running programs are theirs to send; steps for another server or another key are left alone, and both are
    said. Nothing is sent twice when it is interrupted or run twice at the same time. The exit code is 1 when something
    could not be sent.
    """
    config, folder = _settings(dir, url, api_key)
    from literalai_otel.export.spool import survey

    there = survey(folder)
    if there.problem:
        fail(f"the spool in {folder} cannot be read: {there.problem}", "see docs/delivery.md, The spool")
    if list_:
        _show(there, json)
        return
    with connected(url, api_key) as api:
        result = _replay(folder, config, api, dead)
    after = survey(folder)
    if json:
        _print_json(asdict(result) | {"left": result.left, "spool": _plain(after)})
    else:
        _say(result, after, str(config.api_url), dead)
    if result.left or result.refused:
        raise typer.Exit(EXIT_PROBLEM)


def _settings(folder: Path | None, url: str | None, api_key: str | None) -> "tuple[Config, Path]":
    from literalai_otel.config import Config

    with explained():
        config = Config.load(spool_dir=folder, api_url=url, api_key=api_key)
    if config.spool_dir is None:
        fail(
            "no spool is set",
            "give --dir, or set LITERAL_SPOOL_DIR to the folder that your programs have there",
            EXIT_SETTINGS,
        )
    return config, Path(config.spool_dir).expanduser().absolute()


def _replay(folder: Path, config: "Config", api: "SyncApi", dead: bool) -> "Replayed":
    from literalai_otel.export.losses import Losses
    from literalai_otel.export.replay import POLICY, Replay
    from literalai_otel.export.sender import Sender
    from literalai_otel.export.spool import Spool, target_of

    url, key = config.api_url, config.api_key
    assert url is not None, "without one there is no api"
    assert key is not None, "without one there is no api"
    problems: list[str] = []
    spool = Spool(folder, config.spool_max_bytes, target_of(url, key), problems.append)
    try:
        sender = Sender(lambda _: api, Losses(url), _nothing, POLICY)
        work = Replay(spool, sender, dead=dead)
        with Progress("sending", unit="steps", total=work.result.total) as progress:
            for settled in work.steps():
                progress.advance(settled)
    finally:
        spool.release()
    if problems:
        work.result.problem = problems[-1]
    return work.result


def _nothing() -> None:
    """A repeated request is not worth a line here."""


def _say(result: "Replayed", after: "Survey", url: str, dead: bool) -> None:
    out = console()
    what = "dead letter" if dead else "step"
    if not result.total:
        out.print(f"nothing to send to {url} with this key")
    else:
        out.print(f"{counted(result.sent, what)} sent to {url}")
    for reason, count in result.refused.items():
        out.print(f"{counted(count, what)} refused for good ({reason}): kept apart, `--dead` sends them again")
    if result.left:
        out.print(f"{counted(result.left, what)} stay in the spool: {result.problem}")
    held = sum(row.held for row in after.targets)
    if held:
        out.print(f"{counted(held, 'step')} belong to programs that run, which send them themselves")
    others = sum(row.waiting for row in after.targets) - (0 if dead else result.left)
    if others > 0:
        out.print(f"{counted(others, 'step')} wait for another server or key: `--list` shows which")


def _show(there: "Survey", json: bool) -> None:
    if json:
        _print_json(_plain(there))
        return
    out = console()
    if not there.targets:
        out.print(f"nothing waits in {there.path.parent}")
    else:
        printed(
            ("server", "key", "waiting", "held by programs", "dead", "oldest"), [_row(row) for row in there.targets]
        )
        out.print(f"{thousands(there.bytes)} bytes in {there.path}")
    for name in there.set_aside:
        out.print(f"broken and put aside: {there.path.with_name(name)}")


def _row(row: "TargetRow") -> tuple[str, ...]:
    reasons = ", ".join(f"{reason} {count}" for reason, count in row.dead.items())
    age = "" if row.oldest is None else seconds_text(max(0.0, time.time() - row.oldest))
    return row.url, row.key, thousands(row.waiting), thousands(row.held), reasons or "0", age


def _plain(there: "Survey") -> dict[str, Any]:
    return {**asdict(there), "path": str(there.path)}


def _print_json(value: dict[str, Any]) -> None:
    from literalai_otel.jsonable import dumps_text

    typer.echo(dumps_text(value))
