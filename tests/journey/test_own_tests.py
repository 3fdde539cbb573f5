"""J8: I test my own agent. The files are those of docs/testing.md and docs/content.md."""

import os
import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[2] / "docs"
PROGRAMS = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(
    ("guide", "names"),
    [("testing.md", {"agent.py", "test_agent.py", "test_faults.py"}), ("content.md", {"test_rules.py"})],
)
def test_the_guides_do_what_they_say(
    guide: str, names: set[str], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    files = dict(PROGRAMS.findall((DOCS / guide).read_text(encoding="utf-8")))
    assert {*files} == names
    for name, text in files.items():
        pytester.makepyfile(**{name.removesuffix(".py"): text})
    for variable in [name for name in os.environ if name.startswith(("LITERAL_", "OTEL_", "OPENAI_", "PYTEST_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    outcome = pytester.runpytest_subprocess("-p", "literalai_otel.pytest_plugin", "-W", "error::ResourceWarning")
    outcome.assert_outcomes(passed=sum(text.count("def test_") for text in files.values()))
