"""Human review: an expert reads the runs tagged `to_review`, scores each, and the bad ones go into a dataset.

    python examples/evaluation_human.py

For each run it prints what was asked and answered and reads one line: a mark from 1 to 5, then a comment. An empty line
leaves the run for later.
"""

import sys

from literalai_otel import LiteralClient

TO_REVIEW = [
    {"field": "tags", "operator": "in", "value": ["to_review"]},
    {"field": "type", "operator": "eq", "value": "run"},
]
BAD = 0.5

client = LiteralClient()


def edge_cases():
    """The dataset of what went wrong: found by its name, or made."""
    return client.api.get_dataset(name="Edge cases") or client.api.create_dataset(name="Edge cases")


def review(run) -> float | None:
    """The mark of one run from 0 to 1, stored as a score of type HUMAN; None for an empty line."""
    print(f"\n{run.input}\n{run.output}\nmark 1-5 and comment: ", end="", flush=True)
    mark, _, comment = sys.stdin.readline().strip().partition(" ")
    if not mark:
        return None
    value = (int(mark) - 1) / 4
    client.api.create_score(step_id=run.id, name="expert review", type="HUMAN", value=value, comment=comment or None)
    return value


if __name__ == "__main__":
    runs = client.api.get_steps(first=20, filters=TO_REVIEW).data
    reviewed = 0
    for run in runs:
        if any(score.name == "expert review" for score in run.scores or ()):
            continue
        value = review(run)
        if value is not None:
            reviewed += 1
            if value < BAD:
                edge_cases().add_step(run.id)
    print(f"\n{reviewed} reviewed")
