"""Each evaluation method has an example that runs, and its scores are on the server (P-OVR-03..06)."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from literalai_otel.testing import Chat, FakeProvider
from programs import Server, clean_environment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Example = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def example(server: Server, provider: FakeProvider) -> Example:
    """Runs one against the server, its model calls answered by `answers` in order."""

    def run(name: str, *arguments: str, answers: list[str] | None = None, stdin: str = "") -> Any:
        provider.clear()
        provider.script(*(Chat(answer) for answer in answers or ()))
        done = subprocess.run(
            [sys.executable, EXAMPLES / name, *arguments],
            env=clean_environment(**server.environment, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=provider.base_url),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=40,
        )
        assert done.stderr == "", done.stderr
        return done

    return run


def scores(server: Server) -> list[tuple[str, str, float]]:
    with server.api() as api:
        return sorted((score.name, score.type, score.value) for score in api.get_scores(first=50).data)  # type: ignore[misc]


@pytest.mark.feature("P-OVR-03", "P-OVR-06")
def test_by_code(example: Example, server: Server) -> None:
    done = example("evaluation_code.py", answers=["Lisbon", "It is Kyoto.", "Nairobi"])
    assert (done.returncode, done.stdout) == (0, "2 of 3 correct\n")
    found = scores(server)
    assert [value for name, kind, value in found if (name, kind) == ("correct", "CODE")] == [0, 1, 1]
    assert [value for name, _, value in found if name == "one word"] == [0, 1, 1]


@pytest.mark.feature("P-OVR-03")
def test_by_a_model(example: Example, server: Server) -> None:
    verdict = json.dumps({"score": 0.75, "reason": "short"})
    done = example("evaluation_llm_judge.py", answers=["Rayleigh.", f"Sure: {verdict}", "The moon.", "I cannot say."])
    assert (done.returncode, done.stdout) == (0, "Why is the sky blue? 0.75\nHow do tides work? no verdict\n")
    assert scores(server) == [("helpfulness", "AI", 0.75)]
    with server.api() as api:
        (score,) = api.get_scores(first=5).data
        judged = api.get_step(str(score.step_id))
    assert judged is not None and (judged.name, score.comment) == ("answer", "short")


@pytest.mark.feature("P-OVR-03", "L-EXP-10")
def test_by_both(example: Example, server: Server) -> None:
    done = example("evaluation_hybrid.py", answers=["On its way.", "5", "We are sorry."])
    assert done.returncode == 0
    assert scores(server) == [
        ("at most 60 words", "CODE", 1),
        ("at most 60 words", "CODE", 1),
        ("no apology", "CODE", 0),
        ("no apology", "CODE", 1),
        ("polite", "AI", 1),
    ]


@pytest.mark.feature("P-OVR-03")
def test_by_embeddings(example: Example, server: Server) -> None:
    done = example("evaluation_embedding.py")
    assert done.returncode == 0
    found = scores(server)
    assert [name for name, _, _ in found] == ["similarity", "similarity"]
    assert all(-1 <= value <= 1 for _, _, value in found)


@pytest.mark.feature("P-OVR-03", "P-OVR-06")
def test_by_people(example: Example, server: Server) -> None:
    with server.api() as api:
        api.send_steps(
            [
                {"id": name, "name": name, "type": "run", "tags": ["to_review"], "input": {"q": 1}, "output": {"a": 1}}
                for name in ("good", "bad", "later")
            ]
        )
    done = example("evaluation_human.py", stdin="\n1 wrong\n5\n")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 reviewed")
    assert scores(server) == [("expert review", "HUMAN", 0), ("expert review", "HUMAN", 1)]
    with server.api() as api:
        dataset = api.get_dataset(name="Edge cases")
        assert dataset is not None
        (item,) = dataset.items
        assert item.step_id in {"good", "bad", "later"}
    done = example("evaluation_human.py", stdin="3 fine\n")
    assert done.stdout.splitlines()[-1] == "1 reviewed", "what is scored is not shown again"


@pytest.mark.feature("P-OVR-04")
def test_by_users(example: Example, server: Server) -> None:
    done = example("evaluation_feedback.py", answers=["I would like a refund."])
    assert (done.returncode, done.stdout) == (0, "{'user-feedback': 1.0, 'suggestion kept': 1.0}\n")
    assert scores(server) == [("suggestion kept", "CODE", 1), ("user-feedback", "HUMAN", 1)]


@pytest.mark.feature("P-OVR-05")
def test_a_worse_baseline_fails_the_build(example: Example) -> None:
    good = ["Lisbon", "Tokyo", "Nairobi"]
    first = example("ci_regression.py", answers=good)
    assert (first.returncode, first.stdout) == (0, "correct: 1.00 of 3\n"), "nothing to compare with yet"
    assert example("ci_regression.py", "--accept", answers=good).returncode == 0
    same = example("ci_regression.py", answers=good)
    assert (same.returncode, same.stdout) == (0, "correct: 1.00 of 3\nagainst 1.00: +0.00 to +0.00\n")
    noise = example("ci_regression.py", answers=["Porto", *good[1:]])
    assert noise.returncode == 0, noise.stdout
    worse = example("ci_regression.py", answers=["Porto", "Kyoto", "Mombasa"])
    assert (worse.returncode, worse.stdout) == (1, "correct: 0.00 of 3\nagainst 1.00: -1.00 to -1.00\n")
