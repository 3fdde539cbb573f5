"""How large a document may be that goes through the executor.

The schema is cyclic (a step has a thread, a thread has steps), so a short text can ask for more than a database
holds. The clients' deepest document has depth 7; an introspection query 15.
"""

from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from literalai_otel.server.problems import Problem

MAX_DEPTH: Final = 16
MAX_ROOT_FIELDS: Final = 1_000
MAX_FIELDS: Final = 20_000
MAX_STEP_LISTS: Final = 2
"""Lists of steps inside each other on one path: `steps { edges { node { thread { steps } } } }` is the most."""


def check_limits(tree: DocumentNode) -> None:
    """Raise `Problem` when a valid document asks for too much. Fragments count wherever they are spread."""
    fragments = {node.name.value: node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)}
    walk = _Walk(fragments)
    for definition in tree.definitions:
        if isinstance(definition, OperationDefinitionNode):
            if len(definition.selection_set.selections) > MAX_ROOT_FIELDS:
                raise _too_much(f"more than {MAX_ROOT_FIELDS} root fields")
            walk.descend(definition.selection_set, depth=1, step_lists=0)


class _Walk:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._fields = 0

    def descend(self, selection_set: SelectionSetNode, depth: int, step_lists: int) -> None:
        """Valid documents have no fragment cycles, so this ends."""
        if depth > MAX_DEPTH:
            raise _too_much(f"more than {MAX_DEPTH} levels")
        for selection in selection_set.selections:
            if isinstance(selection, FragmentSpreadNode):
                self.descend(self._fragments[selection.name.value].selection_set, depth, step_lists)
            elif isinstance(selection, InlineFragmentNode):
                self.descend(selection.selection_set, depth, step_lists)
            elif isinstance(selection, FieldNode):
                self._fields += 1
                if self._fields > MAX_FIELDS:
                    raise _too_much(f"more than {MAX_FIELDS} fields")
                lists = step_lists + (selection.name.value == "steps")
                if lists > MAX_STEP_LISTS:
                    raise _too_much("lists of steps inside lists of steps")
                if selection.selection_set is not None:
                    self.descend(selection.selection_set, depth + 1, lists)


def _too_much(what: str) -> Problem:
    return Problem("GRAPHQL_VALIDATION_FAILED", f"The document asks for {what}. Split it into several requests.")
