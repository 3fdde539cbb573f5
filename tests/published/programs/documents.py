"""Runs in the environment of a published Python client: prints its GraphQL documents as JSON, name to text.

The documents are constants of one module, but for the two that are made for a number of steps or scores.
"""

import json
import sys
from importlib import import_module


def module(name):
    """A module of the client's API, which moved to a package of its own at some time."""
    try:
        return import_module(f"literalai.api.helpers.{name}")
    except ModuleNotFoundError:
        return import_module(f"literalai.api.{name}")


gql = module("gql")
found = {
    name: text
    for name, text in vars(gql).items()
    if isinstance(text, str) and text.lstrip().startswith(("query", "mutation"))
}
for count in (1, 2, 5):
    steps = [{"id": str(index), "type": "llm", "name": "a"} for index in range(count)]
    found[f"AddStep of {count}"] = gql.steps_query_builder(steps)
    scores = [{"name": "a", "type": "HUMAN", "value": 1} for _ in range(count)]
    found[f"CreateScores of {count}"] = module("score_helpers").create_scores_query_builder(scores)
json.dump(found, sys.stdout)
