"""The container files, as far as that goes without Docker, and the backup recipe, by doing it."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from literalai_otel.config import ServerConfig
from programs import wait_for

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
KEY = "key-of-the-backup-test"
COMMAND = [sys.executable, "-c", "from literalai_otel.cli import main; main()"]
VARIABLES = {name for row in ServerConfig.rows() for name in row.variables}


def test_the_dockerfile_passes_the_linter():
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: there is no wheel of it for this platform")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.feature("S-HST-01")
def test_the_dockerfile_names_what_is_there():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^EXPOSE (\d+)$", text, re.MULTILINE)[1] == str(ServerConfig.load({}).port) == "3000"
    assert set(re.findall(r"\b(?:LITERAL|DATABASE)_[A-Z_]+", text)) <= VARIABLES
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / source).exists() for source in line.split())
    extras = re.search(r"\.\[(.+?)\]", text)
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert extras
    for extra in extras[1].split(","):
        assert re.search(rf"^{extra} = \[", pyproject, re.MULTILINE), extra


def docker(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.feature("S-HST-01")
@pytest.mark.timeout(900)
def test_the_image_is_built_and_serves():
    base = re.search(r"^FROM (\S+)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert base
    if shutil.which("docker") is None or docker("image", "inspect", base[1]).returncode:
        pytest.skip(f"there is no Docker that runs and has {base[1]}: nothing is pulled here")
    built = docker("build", "--quiet", "--network", "host", "--file", DEPLOY / "Dockerfile", ".")
    assert built.returncode == 0, built.stderr
    image = built.stdout.strip()
    started = docker("run", "--detach", "--publish", "127.0.0.1::3000", image)
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    try:
        address = docker("port", container, "3000/tcp").stdout.split()[0]
        wait_for(f"http://{address}/healthz")
        assert httpx.get(f"http://{address}/readyz").status_code == 200
        assert docker("exec", container, "id", "-u").stdout.strip() == "10001"
        assert docker("stop", "--time", "20", container).returncode == 0
    finally:
        docker("rm", "--force", "--volumes", container)
        docker("image", "rm", "--force", image)


@pytest.mark.feature("S-HST-07")
def test_the_compose_file_names_what_is_there():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    server = compose["services"]["server"]
    assert set(server["environment"]) <= VARIABLES
    assert (DEPLOY / server["build"]["context"] / server["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    settings = {name: value for name, value in server["environment"].items() if "$" not in str(value)}
    config = ServerConfig.load(settings)
    assert (config.base_path, config.retention_days) == ("/literal", 90)
    (conf, target, _) = compose["services"]["proxy"]["volumes"][0].split(":")
    assert target.endswith(".conf")
    nginx = (DEPLOY / conf).read_text(encoding="utf-8")
    assert f"location {config.base_path}/ {{" in nginx
    used = {volume.split(":")[0] for one in compose["services"].values() for volume in one["volumes"]}
    assert used - {conf} == set(compose["volumes"])
    assert all("ports" not in one for name, one in compose["services"].items() if name != "proxy")


def test_the_page_names_settings_and_commands_that_exist():
    assert set(re.findall(r"\b(?:LITERAL|DATABASE)_[A-Z_]+", OPERATIONS)) <= VARIABLES | {"LITERAL_CAPTURE_CONTENT"}
    for command in sorted(set(re.findall(r"literalai-otel ([a-z]+(?: (?:list|create|delete|revoke))?)", OPERATIONS))):
        done = subprocess.run([*COMMAND, *command.split(), "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, command


def recipe(section: str) -> list[str]:
    """The shell blocks of a section of the page."""
    text = OPERATIONS.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


@pytest.mark.feature("P-UI-06")
@pytest.mark.timeout(120)
def test_the_backup_recipe_copies_a_server_that_writes(tmp_path: Path):
    backup, restore = recipe("Backup")
    data, copied, restored = tmp_path / "data", tmp_path / "backup", tmp_path / "restored"
    sender = """
import sys, httpx
with httpx.Client(base_url=sys.argv[1], headers={"x-api-key": sys.argv[2]}, timeout=20) as http:
    number = 0
    while True:
        step = {"kind": "step", "type": "run", "input": {"content": "x" * 900}}
        body = {"records": [{**step, "id": f"{number}-{n}"} for n in range(20)]}
        results = http.post("/api/import", json=body).json()["results"]
        for result in results:
            print(result["id"], flush=True)
        number += 1
"""
    acknowledged: list[str] = []
    with serving(data) as (url, key):
        uploaded = upload(url, key)
        writer = subprocess.Popen([sys.executable, "-c", sender, url, key], stdout=subprocess.PIPE, text=True)
        reading = threading.Thread(target=lambda: acknowledged.extend(line.strip() for line in writer.stdout))
        reading.start()
        try:
            while len(acknowledged) < 400:
                threading.Event().wait(0.02)
            before = list(acknowledged)
            run(backup, data=data, backup=copied)
            while len(acknowledged) < len(before) + 100:
                threading.Event().wait(0.02)
        finally:
            writer.kill()
            reading.join(10)
            writer.communicate()
    run(restore, backup=copied, restored=restored)
    with serving(restored) as (url, key), httpx.Client(base_url=url, headers={"x-api-key": key}) as http:
        found: set[str] = set()
        after: Any = 0
        while after is not None:
            page = http.post("/api/export/records", json={"kind": "step", "after": after}).json()
            found |= {record["id"] for record in page["records"]}
            after = page["after"]
        assert set(before) <= found
        kept = http.post("/api/export/file", json={"objectKey": uploaded})
        assert kept.content == b"kept"


def run(script: str, **folders: Path) -> None:
    """Run a shell block of the page."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment = {name: str(folder) for name, folder in folders.items()} | {"PATH": path}
    done = subprocess.run(["bash", "-eu", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def upload(url: str, key: str) -> str:
    """An uploaded file's object key."""
    headers = {"x-literal-file": json.dumps({"objectKey": "files/kept.txt"}), "x-api-key": key}
    assert httpx.post(f"{url}/api/import/file", content=b"kept", headers=headers).json()["stored"]
    return "files/kept.txt"


@contextmanager
def serving(data: Path) -> Iterator[tuple[str, str]]:
    """`literalai-otel serve` on a folder; gives its address and key."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--data-dir", str(data)],
        env={"PATH": "/usr/bin:/bin", "LITERAL_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found
        yield found[0], KEY
    finally:
        process.terminate()
        process.communicate(timeout=20)
