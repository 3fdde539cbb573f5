"""axe-core over a page, in a world of its own: the page's policy forbids scripts from elsewhere, and stays on."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

AXE: Final = Path(__file__).resolve().parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS: Final = ("serious", "critical")
OPTIONS: Final = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@cache
def source() -> str:
    """axe-core as it comes with the page's development packages."""
    return AXE.read_text(encoding="utf-8")


def findings(page: Page) -> list[str]:
    """What keeps people from using the page as it is now, serious and critical alone: rule, what, where."""
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "accessibility"})
        context = world["executionContextId"]
        _evaluate(session, context, f"{source()}\n;0")
        run = f"axe.run(document, {json.dumps(OPTIONS)}).then(all => JSON.stringify(all.violations))"
        found = json.loads(_evaluate(session, context, run))
    finally:
        session.detach()
    return [_line(one) for one in found if one["impact"] in SERIOUS]


def _evaluate(session: Any, context: int, expression: str) -> Any:
    asked = {"expression": expression, "contextId": context, "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", asked)
    if "exceptionDetails" in answer:
        raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", str(answer)))
    return answer["result"].get("value")


def _line(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    places = [f"{' '.join(map(str, node['target']))}: {node.get('failureSummary', '')}" for node in nodes[:3]]
    what = f"{violation['impact']} {violation['id']}: {violation['help']} ({len(nodes)} places)"
    return "\n    ".join([what, *(place.replace("\n", " ") for place in places)])
