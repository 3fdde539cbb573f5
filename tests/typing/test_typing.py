"""Public signatures as a type checker sees them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CASES)
def test_pyright_agrees(case: str, tmp_path: Path) -> None:
    settings = {
        "include": [str(HERE / case)],
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": "error",  # so a wrong use that passes is found too
        "pythonVersion": "3.11",
    }
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "-p", str(project), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 errors" in done.stdout
