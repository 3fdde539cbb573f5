"""Build the test environments and run the tests in each.

    python tests/lanes.py                 build what is missing, run all lanes, print the totals
    python tests/lanes.py old -- -k twin  one lane, with arguments for pytest
    python tests/lanes.py --build         build only

    python tests/lanes.py chainlit --lock resolve anew what a program lane installs, write its lock file

Environments live in `.lanes/` and are rebuilt when what they are made of changes: their row of `tests/lanes.toml`,
their lock file, and for lanes with this repository inside every `pyproject.toml`.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / ".lanes" / "reports"
PASSES = {
    "shared": ["-m", "not serial", "-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile"],
    "serial": ["-m", "serial"],
}
"""How a lane's tests are run, one after the other: name -> what pytest is told."""
ALONE = ["-m", "not serial", "--last-failed", "--last-failed-no-failures=none"]
"""How tests of the shared pass that failed there are run once more, as CPython's own runner does.

Three workers and the processes that their tests start share two cores, and a test that waits for one of these may wait
too long. What fails alone has failed; what passes is named in the totals.
"""
MOST_AGAIN = 5
"""Failed tests that are run once more, at most: more are no accident."""
JUNIT = ["-o", "junit_family=xunit1"]
"""The form of the report that keeps what tests put on record."""
MEMORY_NEEDED = 4 * 1024**3
"""Bytes that the temporary files of a pass may take."""
TESTS_FAILED = 1
"""Exit status of pytest when all tests were run and some failed; what was cut short has others."""
NO_TESTS = 5
"""Exit status of pytest when nothing was selected, which is no failure of one pass of two."""
UV = [str(Path(sys.executable).with_name("uv"))]
TEST_TOOLS = [
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "hypothesis",
    "dirty-equals",
    "inline-snapshot",
]
NPM_FILES = ("package.json", "package-lock.json")
MEMBERS = sorted((ROOT / "instrumentors").glob("*/pyproject.toml"))
EDITABLE = [word for project in (ROOT, *(path.parent for path in MEMBERS)) for word in ("-e", str(project))]


@dataclass(frozen=True)
class Lane:
    """One row of lanes.toml."""

    name: str
    about: str
    requirements: list[str]
    tests: list[str]
    environment: str = ""
    repository: bool = True
    """Without it the lane is a program of its own: a published client, which the new lane's tests talk to."""
    lock: str = ""
    """File with the exact versions of everything that `requirements` pull in."""
    npm: str = ""
    """Folder with a `package.json` and its lock, installed with the Node that `requirements` bring."""
    apart: list[str] = field(default_factory=list[str])
    """Packages that are each put into a folder of their own, without what they require."""
    programs: list[str] = field(default_factory=list[str])
    """Scripts that install what the tests need and no package index has. They find out themselves if it is there."""

    @property
    def folder(self) -> Path:
        """Where the environment is."""
        return ROOT / (self.environment or f".lanes/{self.name}")

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.folder / "bin" / "python"

    @property
    def inputs(self) -> list[Path]:
        """The files that decide what is installed."""
        projects = [ROOT / "pyproject.toml", *MEMBERS] if self.repository else []
        locks = [ROOT / self.lock] if self.lock else []
        packages = [ROOT / self.npm / name for name in NPM_FILES] if self.npm else []
        return [*projects, *locks, *packages]

    def digest(self) -> str:
        """The same for two environments that are made of the same things."""
        row = repr((sorted(self.requirements), self.repository, sorted(self.apart)))
        return hashlib.sha256(b"".join([row.encode(), *(path.read_bytes() for path in self.inputs)])).hexdigest()


@dataclass
class Totals:
    """What a lane's run counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list[str])
    """Names of what failed."""
    notes: list[str] = field(default_factory=list[str])
    records: list[str] = field(default_factory=list[str])
    """What tests put on record with `record_property("published", …)`: lines for a reader."""


def lanes() -> dict[str, Lane]:
    """Every lane of lanes.toml, by name."""
    table = tomllib.loads((ROOT / "tests" / "lanes.toml").read_text(encoding="utf-8"))
    return {name: Lane(name=name, **row) for name, row in table.items()}


def build(lane: Lane) -> None:
    """Make the lane's environment unless it is there and current. Two processes that want it take turns."""
    for program in lane.programs:
        run([str(lane.python), program])
    if lane.environment:
        return
    lane.folder.parent.mkdir(exist_ok=True)
    with lane.folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make(lane)


def make(lane: Lane) -> None:
    """Make the lane's environment unless its stamp says that it was made of the same inputs."""
    stamp = lane.folder / "stamp"
    digest = lane.digest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    say(f"building lane {lane.name}: {lane.about}")
    run([*UV, "venv", "--quiet", "--clear", "--python", sys.executable, str(lane.folder)])
    install = [*UV, "pip", "install", "--quiet", "--python", str(lane.python)]
    wanted = [*EDITABLE, *TEST_TOOLS] if lane.repository else []
    run([*install, "--no-deps", "-r", str(ROOT / lane.lock)] if lane.lock else [*install, *wanted, *lane.requirements])
    for package in lane.apart:
        run([*install, "--no-deps", "--target", str(lane.folder / "apart" / package), package])
    if lane.npm:
        install_npm(lane)
    stamp.write_text(digest, encoding="utf-8")


def install_npm(lane: Lane) -> None:
    """Install the lane's npm packages, exactly those of the lock, without running scripts of theirs."""
    for name in NPM_FILES:
        shutil.copyfile(ROOT / lane.npm / name, lane.folder / name)
    path = f"{lane.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    # The client offers to wrap a good deal that would come along, half a gigabyte of it.
    command = [str(lane.python.with_name("npm")), "ci", "--omit=optional", *quietly]
    run(command, cwd=lane.folder, env={**os.environ, "PATH": path})


def lock(lane: Lane) -> None:
    """Write the lane's lock file: what its requirements resolve to today, for every platform."""
    if not lane.lock:
        sys.exit(f"lane {lane.name} has no lock file in lanes.toml")
    say(f"locking lane {lane.name}")
    target = ROOT / lane.lock
    target.parent.mkdir(parents=True, exist_ok=True)
    remake = f"python tests/lanes.py {lane.name} --lock"
    run(
        [*UV, "pip", "compile", "--quiet", "--universal", "--upgrade", "--python-version", "3.11", "--no-annotate",
         "--custom-compile-command", remake, "--output-file", str(target), "-"],
        input="\n".join(lane.requirements).encode(),
    )  # fmt: skip


def test(lane: Lane, arguments: list[str]) -> Totals:
    """Run the lane's tests: those that share the machine, a file per worker (`ALONE`), then the serial ones."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    features = REPORTS / f"{lane.name}.features.jsonl"
    features.unlink(missing_ok=True)
    say(f"lane {lane.name}: {lane.about}")
    totals = Totals()
    started = time.monotonic()
    every = [f"--feature-report={features}", "-o", f"cache_dir={REPORTS / lane.name}.cache", *arguments]
    for name, selection in PASSES.items():
        report = REPORTS / f"{lane.name}.{name}.xml"
        status = run_pass(lane, totals, report, [*selection, *every])
        if name == "shared" and status == TESTS_FAILED and len(totals.broken) <= MOST_AGAIN:
            run_again(lane, totals, report.with_suffix(".again.xml"), [*ALONE, *every])
    totals.seconds = time.monotonic() - started
    if not totals.passed + totals.failed + totals.skipped:
        totals.failed += 1
        totals.notes.append("no test was selected")
    return totals


def run_again(lane: Lane, totals: Totals, junit: Path, options: list[str]) -> None:
    """Run what failed in the first pass once more, alone; if all of it passes, it counts as passed."""
    say(f"lane {lane.name}: once more alone: {', '.join(totals.broken)}")
    again = Totals()
    run_pass(lane, again, junit, options)
    if again.failed or again.passed != len(totals.broken):
        return
    totals.failed = 0
    totals.passed += again.passed
    totals.notes.append(f"passed only alone: {', '.join(totals.broken)}")
    totals.broken.clear()


def run_pass(lane: Lane, totals: Totals, junit: Path, options: list[str]) -> int:
    """Run pytest once and add what its own report counted; its exit status."""
    junit.unlink(missing_ok=True)
    command = [str(lane.python), "-m", "pytest", *lane.tests, "-q", f"--junit-xml={junit}", *JUNIT, *options]
    # A tracer set-up of the developer's own shell must not reach the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL_"))}
    with tempfile.TemporaryDirectory(prefix="tests-", dir=memory_folder()) as folder:
        Path(folder).chmod(0o755)  # root's PostgreSQL runs as another user, who must get through
        status = subprocess.run(command, cwd=ROOT, env={**environment, "TMPDIR": folder}, check=False).returncode
    failed = totals.failed
    if junit.exists():
        for suite in ElementTree.parse(junit).getroot().iter("testsuite"):
            broken = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            totals.failed += broken
            totals.skipped += skipped
            totals.passed += int(suite.get("tests", 0)) - broken - skipped
            found = [each.get("value", "") for each in suite.iter("property") if each.get("name") == "published"]
            totals.records += found
            totals.broken += [case.get("name", "") for case in suite.iter("testcase") if _is_broken(case)]
    if status not in (0, NO_TESTS) and totals.failed == failed:
        totals.failed += 1
        totals.notes.append(f"pytest ended with {status}")
    return status


def _is_broken(case: ElementTree.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def memory_folder() -> Path | None:
    """Where files are kept in memory, if there is room: a store that commits to a disk waits more than it works."""
    folder = Path("/dev/shm")
    if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > MEMORY_NEEDED:
        return folder
    return None


def run(command: list[str], **options: Any) -> None:
    """Run a command that must succeed; its own output says why it did not."""
    if subprocess.run(command, check=False, **{"cwd": ROOT, **options}).returncode:
        sys.exit(f"failed: {' '.join(command)}")


def say(line: str) -> None:
    """A line of progress."""
    sys.stdout.write(f"\n=== {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Build and run; exit code 1 when a test failed."""
    # A shell starts what runs in the background with Ctrl-C ignored, and all programs of the tests inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    known = lanes()
    parser.add_argument("names", nargs="*", metavar="lane", help=f"one of {', '.join(known)}; all by default")
    parser.add_argument("--build", action="store_true", help="build the environments, run nothing")
    parser.add_argument("--lock", action="store_true", help="write the lock files of these lanes, run nothing")
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"no such lane: {', '.join(sorted(unknown))}")
    chosen = [known[name] for name in options.names or known]
    for lane in chosen:
        (lock if options.lock else build)(lane)
    if options.build or options.lock:
        return 0
    results = {lane.name: test(lane, arguments[split + 1 :]) for lane in chosen if lane.tests}
    say("totals")
    for name, totals in results.items():
        notes = f"  ({'; '.join(totals.notes)})" if totals.notes else ""
        counts = f"{totals.passed:5} passed {totals.failed:4} failed {totals.skipped:4} skipped"
        sys.stdout.write(f"{name:10} {counts} in {totals.seconds:4.0f} s{notes}\n")
        sys.stdout.writelines(f"{'':10} {record}\n" for record in sorted(totals.records))
    passed, failed, skipped = (
        sum(getattr(totals, field_name) for totals in results.values())
        for field_name in ("passed", "failed", "skipped")
    )
    sys.stdout.write(f"\n{passed} passed, {failed} failed, {skipped} skipped\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
