"""J6: somebody who reads and does not code finds what a user complained about, by keyboard, on a laptop."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

import made
import served
from chromium import PATIENCE_MS, launched
from made import Record, stamp
from served import COOKIE, Site
from watching import Watch

LAPTOP = {"width": 1100, "height": 700}
USER = "grace@example.com"
TAG = "complained"
SCORE = "satisfaction"
NAME = "The grinder's warranty"
QUESTION = "Does the warranty of my burr grinder cover the motor?"
ANSWER = "No, the burr grinder has no warranty at all."
DOCUMENT = "The warranty covers the motor of every grinder for five years."
STEPS = 10_000
AGE = timedelta(days=12)


def complaint(now: datetime) -> Iterator[Record]:
    """A conversation of one run with 10 000 steps: somewhere in it the retrieval was right and the model was not."""
    began = now - AGE
    yield {"kind": "user", "id": "grace", "identifier": USER, "createdAt": stamp(began)}
    said = {"input": {"content": QUESTION}, "output": {"content": ANSWER}}
    for record in made.large_trace(STEPS, began, root="grinder"):
        yield record | ({**said, "name": "answer customer"} if record["id"] == "grinder" else {})
    within = {"kind": "step", "threadId": "grinder", "rootRunId": "grinder", "parentId": "grinder"}
    times = {"startTime": stamp(began + timedelta(minutes=4)), "createdAt": stamp(began)}
    end = {"endTime": stamp(began + timedelta(minutes=4, seconds=3))}
    found = {"content": [{"id": "warranty.pdf", "content": DOCUMENT, "score": 0.93}]}
    yield {**within, **times, **end, "id": "found", "type": "retrieval", "name": "search manual"} | {
        "input": {"query": "grinder warranty"},
        "output": found,
    }
    yield {**within, **times, **end, "id": "asked", "type": "llm", "name": "answer"} | {
        "error": "ValueError: contradicts what was found",
        "generation": {
            "type": "CHAT",
            "provider": "openai",
            "model": "gpt-4o",
            "messages": [
                {"role": "system", "content": f"Answer from: {DOCUMENT}"},
                {"role": "user", "content": QUESTION},
            ],
            "messageCompletion": {"role": "assistant", "content": ANSWER},
            "inputTokenCount": 1_200,
            "outputTokenCount": 12,
            "tokenCount": 1_212,
            "ttFirstToken": 340,
        },
    }
    yield {
        "kind": "thread",
        "id": "grinder",
        "name": NAME,
        "participantId": "grace",
        "tags": [TAG],
        "createdAt": stamp(began),
    }
    score = {"name": SCORE, "type": "HUMAN", "value": 0.1, "createdAt": stamp(began)}
    yield {"kind": "score", "id": "grinder-score", "stepId": "grinder", **score}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    now = datetime.now(UTC)
    with served.site(tmp_path_factory.mktemp("reader") / "data") as running:
        with running.api() as api:
            made.store(api, made.month(now, threads=60))
            made.store(api, complaint(now))
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A domain expert's page, on the list of threads."""
    context = browser.new_context(viewport=LAPTOP, base_url=site.url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": COOKIE, "value": site.session("DOMAIN_EXPERT"), "url": site.url, "httpOnly": True}])
    page = context.new_page()
    watch = Watch(page, site.url)
    watch.begin()
    page.goto(site.address("threads"))
    expect(page.get_by_role("grid")).to_contain_text("About the ")
    yield page
    troubles = watch.unexpected()
    context.close()
    assert troubles == []


def by_text(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("burr grinder")
    page.keyboard.press("Enter")


def by_filter(field: str, *typed: str) -> Callable[[Page], None]:
    """Opens the form of a filter, chooses the field by its first letters, and types into what follows."""

    def find(page: Page) -> None:
        page.keyboard.press("f")
        expect(page.get_by_label("Field")).to_be_focused()
        page.keyboard.type(field)
        expect(page.get_by_label("Field").locator("option:checked")).to_have_text(field)
        for text in typed:
            page.keyboard.press("Tab")
            page.keyboard.type(text)
        page.keyboard.press("Enter")

    return find


def by_score(page: Page) -> None:
    """As by any filter; the operators are signs, which no key chooses."""
    page.keyboard.press("f")
    expect(page.get_by_label("Field")).to_be_focused()
    page.keyboard.type("Score")
    page.keyboard.press("Tab")
    operator = page.get_by_label("Operator")
    for _ in range(operator.locator("option").count()):
        if operator.locator("option:checked").inner_text() == "≤":
            break
        page.keyboard.press("ArrowDown")
    for text in (SCORE, "0.2"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def by_time(page: Page) -> None:
    """Two days of the range that was asked about."""
    page.get_by_role("button", name=re.compile("^Time range")).press("Enter")
    for name, day in (("From", AGE + timedelta(hours=6)), ("To", AGE - timedelta(hours=6))):
        moment = datetime.now() - day
        page.get_by_label(name, exact=True).fill(moment.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("To", exact=True).press("Enter")


WAYS = {
    "text": by_text,
    "user": by_filter("User", "", USER),
    "tag": by_filter("Tags", "", TAG),
    "score": by_score,
    "time": by_time,
}


@pytest.mark.feature("P-LOG-01", "P-LOG-15")
@pytest.mark.parametrize("way", WAYS)
def test_the_conversation_is_found(way: str, page: Page):
    WAYS[way](page)
    rows = page.get_by_role("grid").get_by_role("row")
    expect(rows.filter(has_text=NAME)).to_be_visible()
    if way == "time":
        expect(rows).not_to_have_count(61)
    else:
        expect(rows).to_have_count(2)  # its own, and the head
    # What was asked is in the address: somebody else who opens it sees the same.
    page.reload()
    expect(rows.filter(has_text=NAME)).to_be_visible()


@pytest.mark.feature("P-LOG-02", "P-LOG-04", "P-LOG-13")
def test_what_went_wrong_is_seen_and_noted_by_keyboard_alone(site: Site, page: Page):
    by_text(page)
    rows = page.get_by_role("grid").get_by_role("row")
    expect(rows).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    # The conversation: what was asked, what was said, by whom, how long, how much.
    main = page.get_by_role("main")
    expect(main.get_by_role("region", name="Conversation")).to_be_visible()
    for said in (NAME, QUESTION, ANSWER, USER, "10,002", TAG):
        expect(main).to_contain_text(said)

    # What was retrieved, among 10 000 steps.
    page.keyboard.press("v")
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search in this trace")).to_be_focused()
    page.keyboard.type("search manual")
    page.keyboard.press("Enter")
    panel = page.locator("#step-panel")
    expect(panel).to_contain_text(DOCUMENT)
    expect(panel).to_contain_text("0.93")

    # What the model was asked and said right after it, for how many tokens.
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    expect(panel).to_contain_text(f"Answer from: {DOCUMENT}")
    for said in (ANSWER, "contradicts what was found", "1,200", "340 ms", "gpt-4o"):
        expect(panel).to_contain_text(said)

    # Scored and tagged.
    page.keyboard.press("s")
    expect(page.get_by_label("Name of the score")).to_be_focused()
    page.keyboard.type("correct")
    page.keyboard.press("Tab")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(panel.get_by_text("correct").first).to_be_visible()
    page.keyboard.press("t")
    expect(panel.get_by_label("Add a tag")).to_be_focused()
    page.keyboard.type("contradiction")
    page.keyboard.press("Enter")
    expect(panel.get_by_text("contradiction").first).to_be_visible()
    with site.api() as api:
        step = api.get_step("asked")
        assert step is not None
        assert [(score.name, score.value, score.type) for score in step.scores or []] == [("correct", 0, "HUMAN")]
        assert step.tags == ["contradiction"]


@pytest.mark.feature("P-LOG-13")
def test_the_generation_goes_into_a_dataset_by_keyboard_alone(site: Site, page: Page):
    with site.api() as api:
        dataset = api.create_dataset(name="Wrong answers", type="generation")
    page.get_by_role("navigation").get_by_role("link", name="Generations").press("Enter")
    expect(page).to_have_url(re.compile("/generations"))
    by_text(page)
    rows = page.get_by_role("grid").get_by_role("row")
    expect(rows).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Dataset", exact=True)).to_be_focused()
    expect(dialog.locator("option:checked")).to_contain_text("Wrong answers")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Add")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 added to Wrong answers")).to_be_visible()
    with site.api() as api:
        kept = api.get_dataset(id=dataset.id)
        assert kept is not None
        (item,) = kept.items
        assert ANSWER in str(item.expected_output)
