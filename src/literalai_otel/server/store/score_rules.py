"""What a score schema allows: one of its categories, or a number of its range (`spec/features.md` P-SCR-06, X-04)."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self, cast

from literalai_otel.server.values import InvalidValueError, clean_id, clean_text

CATEGORICAL: Final = "CATEGORICAL"
CONTINUOUS: Final = "CONTINUOUS"
TYPES: Final = (CATEGORICAL, CONTINUOUS)
MAX_CATEGORIES: Final = 100


class Judgement(NamedTuple):
    """What a score says, as number and as word."""

    value: float
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A word and the number that it stands for; the description guides who judges, human or AI."""

    label: str
    value: float
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule of a schema: `categories` of a categorical one, `minimum` and `maximum` of a continuous one."""

    type: str
    categories: tuple[Category, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @classmethod
    def of(cls, type: Any, categories: Any, minimum: Any, maximum: Any) -> Self:
        """The rule that a client describes; what belongs to the other type must be absent.

        Raises:
            InvalidValueError: it is no rule; the message says what is missing or wrong.
        """
        if type not in TYPES:
            raise InvalidValueError(f"type must be one of {', '.join(TYPES)}")
        if type == CATEGORICAL:
            if minimum is not None or maximum is not None:
                raise InvalidValueError("min and max are for CONTINUOUS schemas: leave them out, or give that type")
            return cls(type=type, categories=_categories(categories))
        if categories is not None:
            raise InvalidValueError("categories are for CATEGORICAL schemas: leave them out, or give that type")
        if minimum is None or maximum is None:
            raise InvalidValueError("a CONTINUOUS schema needs min and max")
        low, high = finite(minimum, "min"), finite(maximum, "max")
        if low >= high:
            raise InvalidValueError(f"min must be less than max, not {low:g} and {high:g}")
        return cls(type=type, minimum=low, maximum=high)

    def fit(self, name: str, value: float | None, label: str | None) -> Judgement:
        """A score called `name` as the schema knows it: a category's number and label each follow from the other.

        Raises:
            InvalidValueError: no category, or out of range.
        """
        if self.type == CONTINUOUS:
            return Judgement(self._within(name, value), label)
        found = [
            category
            for category in self.categories
            if (label is None or category.label == label) and (value is None or category.value == value)
        ]
        if len(found) == 1:
            return Judgement(found[0].value, found[0].label)
        listed = ", ".join(f"{category.label} ({category.value:g})" for category in found or self.categories)
        if found:
            raise InvalidValueError(f"the score {name!r} needs a label, one of {listed}")
        raise InvalidValueError(f"the score {name!r} must be one of {listed}, not {_said(value, label)}")

    def _within(self, name: str, value: float | None) -> float:
        assert self.minimum is not None
        assert self.maximum is not None
        if value is None:
            raise InvalidValueError(f"the score {name!r} needs a value of {self.minimum:g} to {self.maximum:g}")
        if not self.minimum <= value <= self.maximum:
            raise InvalidValueError(
                f"the score {name!r} must have a value of {self.minimum:g} to {self.maximum:g}, not {value:g}"
            )
        return value


def finite(value: Any, field: str) -> float:
    """A number that JSON has.

    Raises:
        InvalidValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValueError(f"{field} must be a finite number")
    return float(value)


def _categories(given: Any) -> tuple[Category, ...]:
    if not isinstance(given, list) or not given:
        raise InvalidValueError("a CATEGORICAL schema needs categories: [{label, value, description}, …]")
    listed = cast(list[Any], given)
    if len(listed) > MAX_CATEGORIES:
        raise InvalidValueError(f"a schema has at most {MAX_CATEGORIES} categories, not {len(listed)}")
    found = tuple(_category(index, category) for index, category in enumerate(listed))
    twice = _first_repeated(category.label for category in found)
    if twice is not None:
        raise InvalidValueError(f"two categories have the label {twice!r}")
    return found


def _category(index: int, given: Any) -> Category:
    field = f"categories[{index}]"
    if not isinstance(given, Mapping):
        raise InvalidValueError(f"{field} must be an object: {{label, value, description}}")
    category = cast(Mapping[str, Any], given)
    description = category.get("description")
    return Category(
        label=clean_id(category.get("label"), f"{field}.label"),
        value=finite(category.get("value"), f"{field}.value"),
        description=None if description is None else clean_text(description, f"{field}.description"),
    )


def _first_repeated(labels: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            return label
        seen.add(label)
    return None


def _said(value: float | None, label: str | None) -> str:
    number = None if value is None else f"{value:g}"
    if label is None:
        return number or "nothing"
    return repr(label) if number is None else f"{label!r} ({number})"
