"""Write settings.md and attributes.md from the code they describe; a test compares them.

python docs/reference.py
"""

import ast
import sys
from pathlib import Path

from literalai_otel import attributes
from literalai_otel.config import Config, ServerConfig, SettingRow

DOCS = Path(__file__).parent
NOTICE = "Written by `python docs/reference.py`; a test compares this page with the code."


def settings_page() -> str:
    """The table of settings, client and server."""
    lines = [
        "# Settings",
        "",
        NOTICE,
        "",
        "An argument of `init()` or of a client wins over the environment, the first variable that is set wins over "
        "the next, an empty variable counts as unset. Each `OTEL_LITERALAI_…` variable is also a flag of "
        "`opentelemetry-instrument` (`--literalai_api_key`).",
        "",
        "## Client",
        "",
        *_settings(Config.rows()),
        "",
        "## Server",
        "",
        *_settings(ServerConfig.rows()),
    ]
    return "\n".join(lines) + "\n"


def _settings(rows: tuple[SettingRow, ...]) -> list[str]:
    table = ["| Setting | Variables | Default | Meaning |", "|---|---|---|---|"]
    for row in rows:
        variables = "<br>".join(f"`{name}`" for name in row.variables)
        default = "unset" if row.default is None else f"`{str(row.default).lower()}`"
        table.append(f"| `{row.name}` | {variables} | {default} | {row.doc} |")
    return table


def attributes_page() -> str:
    """Every attribute name by section, with the note that stands under its constant."""
    source = Path(attributes.__file__).read_text(encoding="utf-8")
    lines = ["# Span attributes", "", NOTICE, "", "Every name that we write or read.", ""]
    body = ast.parse(source).body
    text = source.splitlines()
    last_line = 0
    for index, node in enumerate(body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.value, ast.Constant):
            continue
        for comment in text[last_line : node.lineno - 1]:
            if comment.startswith("# --- "):
                title = comment.strip("# -")
                lines += ["" if lines[-1] else None, f"## {title[0].upper()}{title[1:]}", ""]
                lines += ["| Name | Note |", "|---|---|"]
        last_line = node.lineno
        following = body[index + 1] if index + 1 < len(body) else None
        note = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            note = " ".join(str(following.value.value).split())
        lines.append(f"| `{node.value.value}` | {note} |")
    return "\n".join(line for line in lines if line is not None) + "\n"


PAGES = {"settings.md": settings_page, "attributes.md": attributes_page}


def main() -> int:
    """Write every page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
