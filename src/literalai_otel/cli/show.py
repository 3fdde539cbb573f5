"""`literalai-otel show`: the newest thread, run or generation, or the one of an id, as a tree."""

from typing import Annotated

import typer

from literalai_otel.cli.connection import KeyOption, UrlOption, connected
from literalai_otel.cli.terminal import console, fail


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(show)


def show(
    identity: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Id of a thread, run, step or generation. Default: the newest thread."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is stored, as JSON.")] = False,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Show what happened, as a tree: type, model, tokens in → out, time, time to the first token, result or error.

    Without an id: the thread that was active last; when the newest step belongs to no thread, its run.
    An id shows that thread, or that step with everything below it. Tokens with a ~ are the server's estimate.

    Exit code 1 when nothing is found or the server does not answer, 2 when a setting is missing.
    """
    from literalai_otel.cli.lookup import by_id, newest
    from literalai_otel.cli.tree import draw, fit, thread_footer, thread_header, tree_lines

    with connected(url, api_key) as api:
        view = newest(api) if identity is None else by_id(api, identity)
    if view is None:
        if identity is None:
            fail(
                "nothing is stored yet",
                "run your application under opentelemetry-instrument; `literalai-otel serve --help` shows how",
            )
        fail(
            f"no thread and no step has the id {identity}",
            "`literalai-otel show` without an id shows the newest; is it in another project?",
        )
    out = console()
    if as_json:
        from literalai_otel.jsonable import dumps_text

        typer.echo(dumps_text(view.wire()))
        return
    if view.thread is not None:
        out.print(thread_header(view.thread, view.steps, out.width))
    lines = tree_lines(view.steps)
    widths = fit(lines, out.width)
    for line in lines:
        out.print(draw(line, widths))
    if view.thread is not None:
        out.print(thread_footer(view.thread, out.width))
