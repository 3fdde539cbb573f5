"""A test for CI: is the program worse than the accepted baseline? Exit code 1 when it surely is.

    python examples/ci_regression.py --accept   # on the main branch: this is the baseline from now on
    python examples/ci_regression.py            # on a change

It runs the program over a dataset, scores every answer and compares the mean with the baseline's. Worse means that the
95 % confidence interval of the difference lies below zero, so that noise alone fails no build.
"""

import sys
from statistics import NormalDist, fmean, variance

from evaluation_code import answer, capitals, client, scores

NAME, BASELINE = "ci: correct", "ci-baseline"
Z = NormalDist().inv_cdf(0.975)


def measure(dataset, tags: list[str]) -> list[float]:
    """The score of each item, logged in an experiment; `tags` mark the scores."""
    experiment = dataset.create_experiment(name="ci", params={"tags": tags})

    @client.experiment_item_run
    def evaluate(item) -> float:
        said = answer(item.input["country"])
        value = scores(said, item.expected_output["content"])[0]["value"]
        found = [{"name": NAME, "type": "CODE", "value": value, "tags": tags}]
        experiment.log({"datasetItemId": item.id, "input": item.input, "output": {"content": said}, "scores": found})
        return value

    return [evaluate(item) for item in dataset.items]


def accepted() -> list[float]:
    """The scores of the newest baseline: as many as there are items."""
    filters = [
        {"field": "name", "operator": "eq", "value": NAME},
        {"field": "tags", "operator": "in", "value": [BASELINE]},
    ]
    newest = {"column": "createdAt", "direction": "DESC"}
    found = client.api.get_scores(first=len(dataset.items), filters=filters, order_by=newest)
    return [score.value for score in found.data]


def interval(new: list[float], old: list[float]) -> tuple[float, float]:
    """The 95 % confidence interval of the difference of the means."""
    spread = sum(variance(values) / len(values) for values in (new, old) if len(values) > 1) ** 0.5
    difference = fmean(new) - fmean(old)
    return difference - Z * spread, difference + Z * spread


if __name__ == "__main__":
    dataset, accept = capitals(), "--accept" in sys.argv
    before = [] if accept else accepted()
    values = measure(dataset, [BASELINE] if accept else ["ci-change"])
    print(f"correct: {fmean(values):.2f} of {len(values)}")
    if before:
        low, high = interval(values, before)
        print(f"against {fmean(before):.2f}: {low:+.2f} to {high:+.2f}")
        sys.exit(1 if high < 0 else 0)
