import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def published_documents() -> dict[str, str]:
    """Every GraphQL document of the published Python client, taken out of the installed package."""
    if os.environ.get("LITERAL_SKIP_PUBLISHED") == "1":
        pytest.skip("LITERAL_SKIP_PUBLISHED=1: the environment with the published client is not to be built")
    subprocess.run([sys.executable, "tests/lanes.py", "published", "--build"], cwd=ROOT, check=True, timeout=600)
    answer = subprocess.run(
        [ROOT / ".lanes/published/bin/python", Path(__file__).with_name("published_documents.py")],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return json.loads(answer.stdout)
