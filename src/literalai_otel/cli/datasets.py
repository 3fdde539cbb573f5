"""`literalai-otel datasets`: items from a file, and a dataset as a file for fine-tuning."""

import hashlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from literalai_otel.cli.connection import PATIENT, KeyOption, UrlOption, connected
from literalai_otel.cli.terminal import EXIT_SETTINGS, console, fail

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi
    from literalai_otel.cli.dataset_files import Item

TYPES: Final = ("key_value", "generation")
FORMATS: Final = ("openai", "items")
BATCH: Final = 200
KEPT_OUT: Final = "another record was refused"
"""What the server says of records that are themselves sound."""
_NAMESPACE: Final = uuid.UUID("0f6d7c0e-6f0b-5b7e-9d2f-3a9a4a0a5d11")

datasets = typer.Typer(help="Fill a dataset from a CSV or JSONL file, or write one as JSONL.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(datasets, name="datasets")


@datasets.command("import")
def import_dataset(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv file with a header, or a .jsonl file.")],
    name: Annotated[str, typer.Option(help="The dataset; made if there is none of this name.")],
    kind: Annotated[
        str | None, typer.Option("--type", help="Of a new dataset: key_value (CSV) or generation (JSONL).")
    ] = None,
    input_columns: Annotated[str, typer.Option("--input", help="Columns of the input, with commas.")] = "",
    expected_columns: Annotated[str, typer.Option("--expected", help="Columns of the expected output.")] = "",
    metadata_columns: Annotated[str, typer.Option("--metadata", help="Columns of the metadata.")] = "",
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Add the rows of a file to a dataset. One bad row, which is named, and nothing is imported.

    CSV: a column `input`, `expectedOutput` or `metadata` holds that as JSON or as a text, a column `input.question`
    one member of it; other columns are assigned by --input, --expected and --metadata. A cell that starts with { or
    [ is JSON. JSONL: `{"messages": …}` as for fine-tuning, or `{"input": …, "expectedOutput": …}`.

    Importing the same file again adds nothing.
    """
    items = _read(path, input_columns, expected_columns, metadata_columns)
    if kind is not None and kind not in TYPES:
        fail(f"there is no type {kind}", f"use {' or '.join(TYPES)}", EXIT_SETTINGS)
    with connected(url, api_key, timeout=PATIENT) as api:
        _store(api, name, kind or ("generation" if path.suffix == ".jsonl" else "key_value"), items)


@datasets.command("export")
def export_dataset(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")],
    form: Annotated[str, typer.Option("--format", help="openai: for fine-tuning; items: everything.")] = "openai",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; the terminal otherwise.")] = None,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Write a dataset as JSONL, an item a line.

    With --format openai each line is a training example `{"messages": …}` whose last message is the assistant's
    answer; an item that holds no conversation is named, and nothing is written.
    """
    from literalai_otel.cli.dataset_files import BadRowError, fine_tuning_line
    from literalai_otel.jsonable import dumps_text

    if form not in FORMATS:
        fail(f"there is no format {form}", f"use {' or '.join(FORMATS)}", EXIT_SETTINGS)
    with connected(url, api_key, timeout=PATIENT) as api:
        dataset = api.get_dataset(name=name)
    if dataset is None:
        fail(f"there is no dataset {name}", "names are case-sensitive; is it in another project?")
    items = [item.to_dict() for item in dataset.items or ()]
    try:
        lines = [
            dumps_text(fine_tuning_line(f"item {item['id']}", item) if form == "openai" else item) for item in items
        ]
    except BadRowError as problem:
        fail(str(problem), "correct or delete the item, or use --format items")
    text = "".join(f"{line}\n" for line in lines)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    console().print(f"{out}: {len(lines)} items")


def _read(path: Path, inputs: str, expected: str, metadata: str) -> "list[Item]":
    from literalai_otel.cli.dataset_files import BadRowError, Columns, items_of_csv, items_of_jsonl

    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".jsonl":
            items = items_of_jsonl(text)
        else:
            items = items_of_csv(text, Columns(_names(inputs), _names(expected), _names(metadata)))
    except OSError as problem:
        fail(f"{path} cannot be read: {problem.strerror}", "give the path of a CSV or JSONL file", EXIT_SETTINGS)
    except UnicodeDecodeError as problem:
        fail(f"{path} is not UTF-8: {problem}", "save it as UTF-8; nothing was imported")
    except BadRowError as problem:
        fail(f"{path}: {problem}", "correct the file; nothing was imported")
    if not items:
        fail(f"{path} has no rows", "add some; nothing was imported")
    return items


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _store(api: "SyncApi", name: str, kind: str, items: "list[Item]") -> None:
    from literalai_otel.cli.progress import Progress

    known = api.get_dataset(name=name)
    dataset_id = str(known.id) if known is not None else str(uuid.uuid4())
    held = set[str]() if known is None else {str(item.id) for item in known.items or ()}
    rows = {_item_id(dataset_id, item): item for item in items}
    records = [
        {"kind": "dataset_item", "id": item_id, "datasetId": dataset_id, **item.parts}
        for item_id, item in rows.items()
        if item_id not in held
    ]
    head = [] if known is not None else [{"kind": "dataset", "id": dataset_id, "name": name, "type": kind}]
    added: list[str] = []
    with Progress(f"importing into {name}", unit="items", total=len(records)) as progress:
        for start in range(0, max(len(records), 1), BATCH):
            batch = records[start : start + BATCH]
            outcomes = api.import_records([*head, *batch], whole=True)
            refused = [outcome for outcome in outcomes if not outcome.ok and KEPT_OUT not in outcome.message]
            if refused:
                _take_back(api, dataset_id if known is None else None, added)
                row = rows.get(refused[0].id)
                where = f"row {row.row}: " if row is not None else ""
                fail(f"{where}{refused[0].message}", "correct the file; nothing was imported")
            added += [record["id"] for record in batch]
            progress.advance(len(batch))
            head = []
    already = len(items) - len(records)
    console().print(f"dataset {name}: {len(records)} items added" + (f", {already} were there" if already else ""))


def _item_id(dataset_id: str, item: "Item") -> str:
    """Follows from the item's place and content, so that a second import of the file adds nothing."""
    from literalai_otel.jsonable import dumps

    digest = hashlib.sha256(dumps(item.parts)).hexdigest()
    return str(uuid.uuid5(_NAMESPACE, f"{dataset_id}:{item.row}:{digest}"))


def _take_back(api: "SyncApi", new_dataset: str | None, added: list[str]) -> None:
    if new_dataset is not None and added:
        api.delete_dataset(new_dataset)
        return
    for item_id in added:
        api.delete_dataset_item(item_id)
