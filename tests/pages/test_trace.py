"""A thread, a run or a step on its page: tree, waterfall, conversation, by keyboard and live."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

import made
import served
import trace_data
from served import Site


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with nothing but `trace_data`."""
    with served.site(tmp_path_factory.mktemp("traces") / "data") as site:
        trace_data.fill(site)
        yield site


@pytest.fixture
def visit(traces: Site, page_as: Callable[..., Page]) -> Callable[..., Page]:
    """`visit("runs/ID")`: the page there, once it shows something."""

    def go(path: str, **options: object) -> Page:
        page = page_as("ADMIN", site=traces, **options)
        page.goto(traces.address(path))
        expect(page.locator(".trace")).to_be_visible()
        return page

    return go


def row(page: Page, name: str) -> Locator:
    """The row of a step in the tree."""
    return page.get_by_role("treeitem").filter(
        has=page.locator(".row-name", has_text=re.compile(f"^{re.escape(name)}$"))
    )


def names(page: Page) -> list[str]:
    """The names in the tree, from top to bottom."""
    expect(page.get_by_role("treeitem").first).to_be_visible()
    shown = page.get_by_role("treeitem").evaluate_all(
        """rows => rows.map(row => [row.getBoundingClientRect().top, row.querySelector('.row-name').textContent])
             .sort((one, other) => one[0] - other[0]).map(([, name]) => name)"""
    )
    return list(shown)


def expect_selected(page: Page, name: str) -> None:
    expect(page.locator('[role=treeitem][aria-selected="true"] .row-name')).to_have_text(name)


def width_of(page: Page, name: str) -> tuple[float, float]:
    """Where the bar of a step begins, and how long it is, in parts of the waterfall."""
    bar, whole = row(page, name).locator(".extent").bounding_box(), row(page, name).locator(".row-bar").bounding_box()
    assert bar is not None and whole is not None
    return (bar["x"] - whole["x"]) / whole["width"], bar["width"] / whole["width"]


# --- keyboard -------------------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-04", "P-LOG-08")
def test_arrow_keys_walk_and_fold_the_tree(visit, shot):
    page = visit("runs/answering")
    assert names(page) == ["answering", "plan", "lookup", "retry", "inner", "gpt-4o"]
    expect_selected(page, "answering")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect_selected(page, "lookup")
    expect(page).to_have_url(re.compile(r"[?&]step=lookup\b"))
    expect(row(page, "plan")).to_have_text(re.compile(r"20 %"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(row(page, "inner")).to_have_count(0)
    expect(row(page, "retry")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_selected(page, "inner")
    expect(row(page, "inner")).to_have_attribute("aria-level", "3")
    page.keyboard.press("ArrowLeft")
    expect_selected(page, "retry")
    page.keyboard.press("Home")
    expect_selected(page, "answering")
    page.keyboard.press("End")
    expect_selected(page, "gpt-4o")
    shot(page, "waterfall")


def test_brackets_go_to_generations_and_e_to_errors(visit):
    page = visit("runs/answering")
    for key, name in (("]", "plan"), ("]", "gpt-4o"), ("[", "plan"), ("e", "lookup"), ("e", "lookup")):
        page.keyboard.press(key)
        expect_selected(page, name)


def test_a_jump_opens_what_hides_its_target(visit):
    page = visit("runs/answering")
    row(page, "answering").locator(".row-fold").click()
    expect(row(page, "lookup")).to_have_count(0)
    page.keyboard.press("e")
    expect_selected(page, "lookup")


def test_enter_leads_to_the_step_and_escape_back_and_out(traces, page_as):
    page = page_as("ADMIN", site=traces)
    page.goto(traces.address("runs?order=createdAt:ASC"))
    page.get_by_role("link", name="answering").click()
    expect_selected(page, "answering")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#step-panel")).to_be_focused()
    expect(page.locator("#step-panel")).to_contain_text("Where is order 7?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/runs\?order="))


def test_search_counts_goes_on_and_leaves(visit):
    page = visit("runs/answering")
    expect(row(page, "plan")).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_label("Search in this trace")
    expect(field).to_be_focused()
    page.keyboard.type("gpt-4o")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("0 of 2")
    page.keyboard.press("Enter")
    expect_selected(page, "plan")
    page.keyboard.press("Enter")
    expect_selected(page, "gpt-4o")
    page.keyboard.press("Shift+Enter")
    expect_selected(page, "plan")
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(page.get_by_role("tree")).to_be_focused()


def test_a_splitter_is_moved_by_keys_and_stays_where_it_was_put(visit):
    page = visit("runs/answering")
    splitter = page.get_by_role("separator", name="Width of the step")
    before = int(splitter.get_attribute("aria-valuenow") or 0)
    splitter.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(splitter).to_have_attribute("aria-valuenow", str(before + 32))
    page.reload()
    expect(splitter).to_have_attribute("aria-valuenow", str(before + 32))


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-12", "P-LOG-15")
def test_a_step_opens_in_its_trace_and_leads_to_its_thread_and_back(visit):
    page = visit("generations/plan")
    expect_selected(page, "plan")
    expect(page.get_by_role("heading", level=1)).to_have_text("answering")
    row(page, "lookup").click()
    expect(page).to_have_url(re.compile(r"generations/plan\?.*step=lookup"))
    page.locator(".trace-head").get_by_role("link", name="Order 7").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Order 7")
    page.go_back()
    expect_selected(page, "lookup")


def test_a_run_below_another_opens_in_the_whole_tree(visit):
    page = visit("runs/retry")
    expect_selected(page, "retry")
    expect(page.get_by_role("heading", level=1)).to_have_text("answering")


def test_an_address_without_a_project_finds_it(traces, page_as):
    page = page_as("ADMIN", site=traces)
    for kind, name in (("threads/support", "Order 7"), ("runs/answering", "answering"), ("steps/gpt", "answering")):
        page.goto(f"{traces.url}/{kind}")
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page).to_have_url(re.compile(f"/p/{traces.project}/{kind}"))


def test_the_list_that_led_here_is_walked_on_from_here(traces, page_as):
    page = page_as("ADMIN", site=traces)
    page.goto(traces.address("threads?order=name:ASC"))
    page.get_by_role("link", name="Order 7").click()
    head = page.get_by_role("heading", level=1)
    expect(head).to_have_text("Order 7")
    page.keyboard.press("J")
    expect(head).to_have_text("Still going")
    page.keyboard.press("K")
    expect(head).to_have_text("Order 7")
    page.get_by_role("button", name="Next in the list").click()
    expect(head).to_have_text("Still going")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/threads\?order=name"))


def test_what_is_not_there_says_so(traces, page_as, watch):
    page = page_as("ADMIN", site=traces)
    watch(page).expect("status of 404")
    for address in (traces.address("threads/nowhere"), f"{traces.url}/runs/nowhere"):
        page.goto(address)
        expect(page.get_by_role("heading", name="This is not here")).to_be_visible()


@pytest.mark.parametrize("own", ["a//b", "/x/", "what?#now", "100 %25 & 5 %"])
def test_a_step_of_any_id_has_its_page(traces, page_as, own):
    whole = {"began": datetime.now(UTC), "threadId": f"thread {own}"}
    below = {"parentId": f"run {own}", "rootRunId": f"run {own}", "input": {"content": f"content of {own}"}}
    with traces.api() as api:
        made.store(api, [trace_data.step(f"run {own}", "run", 0, 2, **whole)])
        made.store(api, [trace_data.step(own, "tool", 1, 2, **whole, **below)])
    page = page_as("ADMIN", site=traces)
    for base in (traces.address("steps"), f"{traces.url}/steps"):
        page.goto(f"{base}/{quote(own, safe='')}")
        expect_selected(page, own)
        expect(page.locator("#step-panel")).to_contain_text(f"content of {own}")
    page.reload()
    expect(page.locator("#step-panel")).to_contain_text(f"content of {own}")
    page.goto(traces.address("steps"))
    page.get_by_role("link", name=f"tool {own}", exact=True).click()
    expect_selected(page, own)


def test_a_step_that_is_deleted_while_it_is_open_stays_in_sight_and_says_so(visit, traces, watch, shot):
    whole = {"began": datetime.now(UTC), "threadId": "of a moment"}
    with traces.api() as api:
        made.store(api, [trace_data.step("moment", "run", 0, 2, **whole)])
        for own in ("brief", "lasting"):
            below = {"parentId": "moment", "rootRunId": "moment", "input": {"content": f"the {own} one"}}
            made.store(api, [trace_data.step(own, "tool", 1, 2, **whole, **below)])
        page = visit("runs/moment?step=brief")
        watch(page).expect("status of 404")
        panel = page.locator("#step-panel")
        expect(panel).to_contain_text("the brief one")
        api.delete_step(id="brief")
        expect(panel).to_contain_text("deleted")
        expect(panel).to_contain_text("the brief one")
        expect(row(page, "brief")).to_have_count(0)
        shot(page, "step-deleted")
        page.reload()
        expect(panel).to_have_text("There is no such step in this trace.")
        row(page, "lasting").click()
        expect(panel).to_contain_text("the lasting one")


# --- head -----------------------------------------------------------------------------------------


def test_breadcrumbs_lead_to_the_list_and_to_the_project(visit, page_as, shot):
    page = visit("runs/answering?range=30d&env=prod")
    crumbs = page.get_by_role("navigation", name="Breadcrumb").get_by_role("link")
    expect(crumbs).to_have_text(["Default", "Runs"])
    expect(page.get_by_role("heading", level=1)).to_have_text("answering")
    shot(page, "breadcrumbs")
    crumbs.last.click()
    expect(page).to_have_url(re.compile(r"/runs\?.*range=30d"))
    page.go_back()
    crumbs.first.click()
    expect(page).to_have_url(re.compile(r"/dashboard\?.*range=30d"))
    for path, area in (("threads/support", "Threads"), ("generations/plan", "Generations"), ("steps/lookup", "Steps")):
        expect(visit(path).get_by_role("navigation", name="Breadcrumb").get_by_role("link").last).to_have_text(area)


@pytest.mark.feature("P-LOG-09", "P-LOG-15")
def test_a_thread_without_a_name_is_na_with_a_short_id_to_copy(visit):
    page = visit("threads/clocks")
    expect(page.get_by_role("heading", level=1)).to_have_text("N/A")
    page = visit("runs/answering")
    expect(page.locator(".trace-id code")).to_have_text("answerin")
    page.get_by_role("button", name="Copy the id of the step").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == "answering"


@pytest.mark.feature("P-LOG-19")
def test_the_head_shows_whose_thread_it_is_and_leads_to_theirs(visit):
    page = visit("threads/support")
    user = page.locator(".user-link")
    expect(user).to_have_text("ALAnn Lee")
    expect(page.locator(".trace-totals")).to_have_text(re.compile("10.0 s.*Steps8.*Generations2.*Errors1"))
    expect(page.locator(".trace-head")).to_contain_text("shipping")
    user.click()
    expect(page).to_have_url(re.compile(r"/threads\?.*ann\.lee"))


@pytest.mark.feature("P-LOG-13")
def test_a_thread_is_tagged_from_its_page(visit):
    page = visit("threads/pause")
    page.get_by_role("button", name="Tag this thread").click()
    page.get_by_role("textbox", name="Tag").fill("weekly")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.locator(".thread-tags")).to_contain_text("weekly")
    page.reload()
    expect(page.locator(".thread-tags")).to_contain_text("weekly")


# --- waterfall ------------------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-05")
def test_bars_are_where_and_as_long_as_the_steps_were(visit):
    page = visit("runs/answering?view=waterfall")
    for name, begins, length in (("answering", 0, 1), ("plan", 0.1, 0.2), ("lookup", 0.3, 0.2), ("gpt-4o", 0.6, 0.4)):
        assert width_of(page, name) == (pytest.approx(begins, abs=0.01), pytest.approx(length, abs=0.01)), name
    token = row(page, "plan").locator(".extent-token").bounding_box()
    bar = row(page, "plan").locator(".extent").bounding_box()
    assert token is not None and bar is not None
    assert (token["x"] - bar["x"]) / bar["width"] == pytest.approx(0.25, abs=0.02)


def test_the_waterfall_is_zoomed_to_a_step_and_back(visit):
    page = visit("runs/answering?view=waterfall&step=retry")
    expect_selected(page, "retry")
    page.keyboard.press("z")
    expect(row(page, "plan").locator(".extent")).to_have_count(0)
    assert width_of(page, "inner") == (pytest.approx(0.2, abs=0.02), pytest.approx(0.5, abs=0.02))
    page.keyboard.press("z")
    expect(row(page, "plan").locator(".extent")).to_have_count(1)


@pytest.mark.feature("P-LOG-06")
def test_the_day_between_two_runs_is_folded(visit, shot):
    page = visit("threads/pause?view=waterfall")
    expect(page.locator(".axis-break")).to_have_text("23 h 59 min")
    for name in ("monday", "tuesday"):
        assert width_of(page, name)[1] == pytest.approx(0.485, abs=0.01)
    expect(page.locator(".trace-totals")).to_contain_text("8.0 s")
    shot(page, "folded")


# --- what is odd ----------------------------------------------------------------------------------


def test_what_is_in_flight_is_marked_and_lands_without_a_reload(visit, traces, shot):
    page = visit("threads/flying?view=waterfall")
    expect(row(page, "flight")).to_contain_text("in flight")
    expect(page.locator(".trace-totals")).to_contain_text("in flight")
    shot(page, "in-flight")
    row(page, "landed").click()
    row(page, "flight").locator(".row-fold").click()
    ended = {"kind": "step", "id": "flight", "type": "run", "endTime": made.stamp(datetime.now(UTC))}
    more = trace_data.step("last", "tool", 2, 3, datetime.now(UTC), threadId="flying", parentId="flight")
    with traces.api() as api:
        made.store(api, [ended, more])
    expect(row(page, "flight")).not_to_contain_text("in flight")
    expect(row(page, "landed")).to_have_count(0)  # still folded
    row(page, "flight").locator(".row-fold").click()
    expect_selected(page, "landed")
    assert names(page) == ["flight", "landed", "last"]


def test_a_run_that_has_not_arrived_stands_above_its_steps_until_it_does(visit, traces, shot):
    page = visit("threads/orphans?view=tree")
    assert names(page) == ["step late-run", "first", "second"]
    expect(page.get_by_role("treeitem").first).to_contain_text("not arrived yet")
    page.get_by_role("treeitem").first.click()
    expect(page.locator("#step-panel")).to_contain_text("has not arrived")
    shot(page, "missing")
    came = trace_data.step("late-run", "run", -1, 1, datetime.now(UTC), threadId="orphans")
    with traces.api() as api:
        made.store(api, [came])
    expect(page.get_by_role("treeitem").first).not_to_contain_text("not arrived yet")
    assert names(page) == ["late-run", "first", "second"]


@pytest.mark.feature("P-LOG-07")
@pytest.mark.parametrize("path", ["threads/circle?view=waterfall", "steps/b?view=waterfall"])
def test_steps_that_are_each_others_parents_are_shown_as_roots(visit, path):
    page = visit(path)
    assert names(page) == ["a", "b", "c"]
    for own in "abc":
        expect(row(page, own)).to_contain_text("cycle")
        expect(row(page, own)).to_have_attribute("aria-level", "1")


def test_clocks_that_disagree_are_marked(visit):
    page = visit("threads/clocks?view=waterfall")
    assert names(page) == ["clock-run", "too-early", "backwards"]
    expect(row(page, "too-early")).to_contain_text("contradict")
    expect(row(page, "backwards")).to_contain_text("\u22121.0 s")
    assert width_of(page, "too-early") == (pytest.approx(0, abs=0.01), pytest.approx(4 / 7, abs=0.02))


# --- size -----------------------------------------------------------------------------------------


def test_ten_thousand_steps_open_and_scroll(visit, shot):
    page = visit("runs/large?view=waterfall")
    expect(page.locator(".trace-totals")).to_contain_text("10,000")
    expect(row(page, "large run")).to_be_visible()
    page.keyboard.press("End")
    expect_selected(page, f"tool {trace_data.MANY - 1}")
    assert page.get_by_role("treeitem").count() < 100
    last = page.locator('[role=treeitem][aria-selected="true"]')
    expect(last).to_be_in_viewport()
    page.locator(".tree-list").evaluate("list => { list.scrollTop = 100_000 }")
    expect(last).to_have_count(0)
    expect(page.get_by_role("treeitem").nth(20)).to_be_in_viewport()
    page.get_by_role("button", name="Fold all", exact=True).click()
    page.keyboard.press("e")
    expect(page.locator('[role=treeitem][aria-selected="true"]')).to_contain_text("997")
    shot(page, "large")


# --- conversation ---------------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-02")
def test_a_thread_is_a_conversation_with_its_runs_folded(visit, shot):
    page = visit("threads/support")
    turns = page.get_by_role("region", name="Conversation").get_by_role("listitem")
    expect(turns).to_have_count(3)
    expect(turns.nth(0)).to_contain_text("Where is order 7?")
    expect(turns.nth(1)).to_contain_text("answering")
    expect(turns.nth(1)).to_contain_text("6 steps · 2 generations")
    expect(turns.nth(2).locator("strong", has_text="yesterday")).to_be_visible()
    shot(page, "conversation")
    turns.nth(1).get_by_role("button", name="answering").click()
    expect(turns.nth(1).get_by_role("button", name="lookup")).to_be_visible()
    turns.nth(1).get_by_role("button", name="lookup").click()
    expect_selected(page, "lookup")
    assert names(page) == ["asked", "answering", "plan", "lookup", "retry", "inner", "gpt-4o", "answered"]


# --- looks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"), [("dark", {"dark": True}), ("narrow", {"viewport": {"width": 1100, "height": 700}})]
)
def test_it_holds_in_the_dark_and_on_a_small_screen(visit, shot, name, options):
    page = visit("runs/answering?step=plan", **options)
    expect(page.locator("#step-panel")).to_contain_text("yesterday")
    expect(page.locator(".row-bar")).to_have_count(0 if name == "narrow" else 6)
    shot(page, name)
