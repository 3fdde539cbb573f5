"""Documents of published clients, run one after the other with arguments that fit: creation first, deletion last.

What an argument gets is said by root field and argument, not by document: clients of different years name their
variables differently.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, OperationDefinitionNode, VariableNode, parse

Ids = Mapping[str, str]
"""Root field that created an object -> the object's id."""
Values = Mapping[str, Any]
"""Argument -> value."""
MESSAGES = [{"role": "user", "content": "hi {{name}}"}]
GENERATION = {"type": "CHAT", "model": "m", "provider": "p", "messages": MESSAGES, "messageCompletion": MESSAGES[0]}
SCORE = {"name": "quality", "type": "HUMAN", "value": 1.0, "comment": "good", "tags": ["t"]}
PAGE = {"first": 5, "filters": [{"field": "createdAt", "operator": "gt", "value": "2020-01-01T00:00:00Z"}]}


def fresh(kind: str) -> str:
    return f"{kind} {uuid.uuid4()}"


FIELDS: Mapping[str, Callable[[Ids], Values]] = {
    "createParticipant": lambda ids: {"identifier": fresh("user"), "metadata": {"a": 1}},
    "updateParticipant": lambda ids: {"id": ids["createParticipant"], "metadata": {"a": 2}},
    "participant": lambda ids: {"id": ids["createParticipant"]},
    "participants": lambda ids: PAGE,
    "createThread": lambda ids: {"name": "t", "participantId": ids["createParticipant"], "tags": ["t"]},
    "upsertThread": lambda ids: {"id": ids["createThread"], "name": "u"},
    "updateThread": lambda ids: {"id": ids["createThread"], "metadata": {"a": 1}},
    "threadDetail": lambda ids: {"id": ids["createThread"]},
    "threads": lambda ids: {**PAGE, "orderBy": {"column": "createdAt", "direction": "DESC"}},
    "createStep": lambda ids: {"threadId": ids["createThread"], "type": "run", "name": "s", "input": {}, "output": {}},
    "updateStep": lambda ids: {"id": ids["createStep"], "output": {"b": 2}},
    "step": lambda ids: {"id": ids["createStep"]},
    "steps": lambda ids: {"first": 5, "filters": [{"field": "name", "operator": "eq", "value": "s"}]},
    "ingestStep": lambda ids: {"id": fresh("step"), "type": "llm", "name": "i", "generation": GENERATION},
    "createGeneration": lambda ids: {"generation": GENERATION},
    "generations": lambda ids: {**PAGE, "orderBy": {"column": "createdAt", "direction": "DESC"}},
    "createScore": lambda ids: {**SCORE, "stepId": ids["createStep"]},
    "updateScore": lambda ids: {"id": ids["createScore"], "value": 0.0},
    "scores": lambda ids: {**PAGE, "orderBy": {"column": "createdAt", "direction": "ASC"}},
    "createAttachment": lambda ids: {"stepId": ids["createStep"], "name": "a", "url": "https://example.com/a.png"},
    "updateAttachment": lambda ids: {"id": ids["createAttachment"], "name": "b"},
    "attachment": lambda ids: {"id": ids["createAttachment"]},
    "createDataset": lambda ids: {"name": fresh("dataset"), "type": "key_value"},
    "updateDataset": lambda ids: {"id": ids["createDataset"], "description": "d"},
    "createDatasetItem": lambda ids: {"datasetId": ids["createDataset"], "input": {"q": 1}, "expectedOutput": {"a": 2}},
    "datasetItem": lambda ids: {"id": ids["createDatasetItem"]},
    "addStepToDataset": lambda ids: {"datasetId": ids["createDataset"], "stepId": ids["createStep"]},
    "addGenerationToDataset": lambda ids: {
        "datasetId": ids["createDataset"], "generationId": ids["createGeneration"],
    },
    "createPromptLineage": lambda ids: {"name": fresh("prompt"), "description": "d"},
    "createPromptVersion": lambda ids: {"lineageId": ids["createPromptLineage"], "templateMessages": MESSAGES},
    "promptLineage": lambda ids: {"name": "of nobody"},
    "promptVersion": lambda ids: {"id": ids["createPromptVersion"], "name": ids["prompt name"], "version": 0},
    "promotePromptVersion": lambda ids: {"lineageId": ids["createPromptLineage"], "version": 0},
    "createPromptExperiment": lambda ids: {
        "fromLineageId": ids["createPromptLineage"], "fromVersion": 0, "templateMessages": MESSAGES,
    },
    "updatePromptLineageRollout": lambda ids: {
        "name": ids["prompt name"], "rollouts": [{"version": 0, "rollout": 100}],
    },
    "promptLineageRollout": lambda ids: {"lineageName": ids["prompt name"]},
    "createDatasetExperiment": lambda ids: {
        "name": "e", "datasetId": ids["createDataset"], "promptId": ids["createPromptVersion"], "params": {"a": 1},
    },
    "createDatasetExperimentItem": lambda ids: {
        "datasetExperimentId": ids["createDatasetExperiment"], "datasetItemId": ids["createDatasetItem"],
        "input": {"q": 1}, "output": {"a": 2},
    },
    "deleteDatasetItem": lambda ids: {"id": ids["createDatasetItem"]},
    "deleteDataset": lambda ids: {"id": ids["createDataset"]},
    "deleteAttachment": lambda ids: {"id": ids["createAttachment"]},
    "deleteScore": lambda ids: {"id": ids["createScore"]},
    "deleteStep": lambda ids: {"id": ids["createStep"]},
    "deleteThread": lambda ids: {"id": ids["createThread"]},
    "deleteParticipant": lambda ids: {"id": ids["createParticipant"]},
}  # fmt: skip
"""Root field -> its arguments, in the order in which documents are run."""
MAY_BE_NULL = {"promptLineage"}


@dataclass
class Replay:
    """A run over the documents of one client. `ask(document, variables)` gives the answer's JSON."""

    ask: Callable[[str, dict[str, Any]], dict[str, Any]]
    ids: dict[str, str] = field(default_factory=dict[str, str])
    problems: dict[str, Any] = field(default_factory=dict[str, Any])
    """Document -> what was wrong with its answer."""
    done: list[str] = field(default_factory=list[str])

    def run(self, documents: Mapping[str, str]) -> None:
        """Run all documents; those whose root field is not known are a problem too."""
        order = list(FIELDS)
        parsed = {name: _root_fields(text) for name, text in documents.items()}
        for name, roots in parsed.items():
            if roots[0].name.value not in FIELDS:
                self.problems[name] = f"no arguments for {roots[0].name.value}"
        known = [name for name in documents if name not in self.problems]
        for name in sorted(known, key=lambda name: order.index(parsed[name][0].name.value)):
            self._run(name, documents[name], parsed[name])

    def _run(self, name: str, text: str, roots: list[FieldNode]) -> None:
        variables: dict[str, Any] = {}
        for root in roots:
            values = FIELDS[root.name.value](self.ids)
            for argument in root.arguments:
                if isinstance(argument.value, VariableNode) and argument.name.value in values:
                    variables[argument.value.name.value] = values[argument.name.value]
        answer = self.ask(text, variables)
        self.done.append(name)
        if "errors" in answer:
            self.problems[name] = answer["errors"]
            return
        for root in roots:
            result = answer["data"][root.alias.value if root.alias else root.name.value]
            if result is None and root.name.value not in MAY_BE_NULL:
                self.problems[name] = "null"
            elif result and result.get("ok") is False:
                self.problems[name] = result
            elif result and isinstance(result.get("id"), str):
                self.ids.setdefault(root.name.value, result["id"])
        if roots[0].name.value == "createPromptLineage":
            self.ids.setdefault("prompt name", variables["name"])


def _root_fields(text: str) -> list[FieldNode]:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
