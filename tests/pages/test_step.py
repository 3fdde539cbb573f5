"""The panel of a step: what it shows, what it never loads or runs, and what can be done in it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

import served
import step_data
from literalai_otel.testing import FakeProvider
from served import Site
from watching import Watch

Shot = Callable[..., Path]
NARROW = {"width": 1100, "height": 700}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served.site(tmp_path_factory.mktemp("steps") / "data") as site:
        step_data.fill(site)
        yield site


@pytest.fixture
def show(site: Site, page: Page) -> Callable[[str], Locator]:
    """`show(id)`: the panel of a step, open."""

    def opened(step_id: str) -> Locator:
        page.goto(site.address(f"steps/{step_id}"))
        panel = page.get_by_role("article").filter(has=page.get_by_role("tablist", name="Views of the step"))
        expect(panel).to_be_visible()
        return panel

    return opened


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def fact(panel: Locator, name: str) -> Locator:
    return panel.locator(".fact").filter(has=panel.page.get_by_text(name, exact=True)).locator("dd")


# --- what it shows -------------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-12")
@pytest.mark.feature("P-LOG-15")
def test_a_generation_is_there_whole(show: Callable[[str], Locator], page: Page, shot: Shot):
    panel = show(step_data.CHAT)
    messages = panel.get_by_role("list", name="Input").locator("> li")
    expect(messages).to_have_count(4)
    expect(messages.nth(0).locator("em")).to_have_text("careful")
    expect(messages.nth(2)).to_contain_text("calls")
    expect(messages.nth(3)).to_contain_text("result of")
    expect(messages.nth(3)).to_contain_text("get_weather")
    expect(messages.nth(3)).to_contain_text("degrees: 21.5")
    reasoning = messages.nth(2).get_by_text("I should ask the tool")
    expect(reasoning).to_be_hidden()
    messages.nth(2).get_by_text("Reasoning").click()
    expect(reasoning).to_be_visible()
    output = panel.get_by_role("region", name="Output")
    expect(output.get_by_role("table")).to_contain_text("clear")
    for name, value in {
        "Model": "gpt-4o",
        "Served by": "gpt-4o-2024-08-06",
        "Provider": "openai",
        "Input tokens": "1,234",
        "· cached": "1,024",
        "· reasoning": "64",
        "First token": "312 ms",
        "Throughput": "128 tokens/s",
        "Finish reason": "stop",
        "Request id": "req_42",
        "temperature": "0.2",
        "User": "ada@example.com",
    }.items():
        expect(fact(panel, name)).to_contain_text(value)
    expect(fact(panel, "Cost")).to_contain_text("price: default:openai/gpt-4o")
    expect(panel.get_by_role("region", name="Prompt")).to_contain_text("careful")
    expect(fact(panel, "Thread").get_by_role("link")).to_have_text("A panel for everything")
    shot(page, "generation")
    fact(panel, "Root run").get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/runs/{step_data.RUN}"))


@pytest.mark.feature("P-UI-01")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_views_in_light_and_dark(dark: bool, site: Site, page_as: Callable[..., Page], shot: Shot):
    page = page_as("ADMIN", viewport=NARROW, dark=dark)
    page.goto(site.address(f"steps/{step_data.CHAT}"))
    for key, name in enumerate(("Rendered", "Input/Output", "Metadata", "Raw span"), start=1):
        tab = page.get_by_role("tab", name=name)
        expect(tab).to_be_visible()
        page.keyboard.press(str(key))
        expect(tab).to_have_attribute("aria-selected", "true")
        shot(page, f"{key}-{'dark' if dark else 'light'}")


def test_pictures_come_by_signed_links_and_nothing_from_elsewhere(show: Callable[[str], Locator], page: Page):
    panel = show(step_data.CHAT)
    picture = panel.get_by_role("list", name="Input").locator("img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 64)
    assert "X-Amz-Signature" in (picture.get_attribute("src") or "")
    far = panel.get_by_role("link", name=step_data.ELSEWHERE)
    expect(far).to_have_attribute("rel", "noopener noreferrer")
    expect(far).to_have_attribute("target", "_blank")
    expect(panel.get_by_role("link", name="remote")).to_be_visible()


@pytest.mark.feature("P-LOG-17")
@pytest.mark.feature("L-ATT-06")
def test_files_of_every_kind_have_their_preview(show: Callable[[str], Locator], page: Page, shot: Shot):
    files = show(step_data.FILES).get_by_role("region", name="Attachments")
    expect(files.get_by_role("listitem")).to_have_count(len(step_data.UPLOADS) + 1)
    expect(files.get_by_role("img", name="picture.png")).to_have_js_property("naturalWidth", 64)
    expect(files.locator("audio")).to_have_attribute("aria-label", "sound.wav")
    expect(files.locator("video")).to_have_attribute("aria-label", "film.mp4")
    expect(files.locator("img")).to_have_count(1)
    files.get_by_role("button", name="Show").click()
    expect(files.get_by_text("<b>second</b> line")).to_be_visible()
    expect(files.get_by_text("on another host")).to_be_visible()
    shot(page, "files")


@pytest.mark.parametrize("name", ["drawing.svg", "page.html", "thing.bin"])
def test_what_a_browser_could_run_is_a_download(
    name: str, show: Callable[[str], Locator], page: Page, watch: Callable[[Page], Watch]
):
    link = show(step_data.FILES).get_by_role("link", name=name)
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == name
    answer = httpx.get(f"{link.evaluate('link => link.href')}&inline=1")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert watch(page).ran == []


def test_an_error_has_its_type_and_its_stack(show: Callable[[str], Locator]):
    error = show(step_data.FAILED).get_by_role("region", name="Error")
    expect(error).to_contain_text("OverloadedError")
    expect(error).to_contain_text("The model is overloaded.")
    error.get_by_text("Stack").click()
    expect(error.get_by_text("Traceback:")).to_be_visible()


def test_what_is_not_whole_or_not_known_says_so(show: Callable[[str], Locator], page: Page, shot: Shot):
    panel = show(step_data.CUT)
    loss = panel.get_by_role("region", name="Not whole")
    expect(loss).to_contain_text("generation.messages was cut from 4,000,000 bytes.")
    expect(loss).to_contain_text("Content is missing: mask_failed.")
    expect(fact(panel, "Input tokens")).to_contain_text("≈")
    expect(fact(panel, "Input tokens")).to_contain_text("estimated: the provider told none")
    shot(page, "cut-and-estimated")
    panel = show(step_data.RUNNING)
    expect(panel.get_by_text("in flight")).to_be_visible()
    expect(fact(panel, "Duration")).to_have_text("still running")
    shot(page, "in-flight")


def test_documents_have_their_scores(show: Callable[[str], Locator], page: Page, shot: Shot):
    output = show(step_data.SEARCH).get_by_role("region", name="Output")
    expect(output.get_by_role("listitem")).to_have_count(2)
    expect(output.get_by_role("listitem").first).to_contain_text("0.9123")
    expect(output.locator("strong")).to_have_text("returned")
    shot(page, "documents")


def test_the_span_is_whole_over_otlp_and_says_where_it_is_not(show: Callable[[str], Locator], page: Page, shot: Shot):
    panel = show(step_data.SPAN)
    page.keyboard.press("4")
    view = panel.get_by_role("tabpanel")
    for text in ("shop.queue: q7", "name: retried", "why: slow", "name: shop.llm", "host.name: till-3", "kind: CLIENT"):
        expect(view).to_contain_text(text)
    shot(page, "raw-span")
    show(step_data.FAILED)
    expect(view).to_contain_text("An SDK sent this step, not the span")
    show(step_data.TOOL)
    expect(view).to_contain_text("This step came from no span")


# --- values and what is too large ----------------------------------------------------------------


@pytest.mark.feature("P-LOG-16")
def test_values_are_folded_searched_copied_and_seen_large(show: Callable[[str], Locator], page: Page, shot: Shot):
    panel = show(step_data.CHAT)
    page.keyboard.press("3")
    value = panel.get_by_role("region", name="Metadata")
    expect(value).to_contain_text("tier: gold")
    value.get_by_role("button", name="Fold customer").click()
    expect(value).not_to_contain_text("tier: gold")
    expect(value).to_contain_text("customer: … 2")
    value.get_by_label("Search in this value").fill("gold")
    expect(value.locator("mark")).to_have_text("gold")
    expect(value.get_by_role("status")).to_have_text("1 of 1")
    value.get_by_role("button", name="Copy Metadata").click()
    expect(page.get_by_text("Copied Metadata")).to_be_visible()
    assert "customer:\n  tier: gold" in clipboard(page)
    value.get_by_role("button", name="Written as").click()
    expect(value).to_contain_text('"tier": "gold"')
    value.get_by_role("button", name="Metadata over the whole screen").click()
    dialog = page.get_by_role("dialog", name="Metadata")
    expect(dialog).to_contain_text('"req_42"')
    shot(page, "whole-screen")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    value.get_by_role("button", name="Written as").click()


def test_a_message_of_three_megabytes(show: Callable[[str], Locator], page: Page):
    panel = show(step_data.LARGE)
    message = panel.get_by_role("list", name="Input").locator("> li")
    expect(message).to_contain_text("line 0 of many")
    message.get_by_role("button", name=re.compile(r"Show all \(3\.\d MB\)")).click()
    box = message.get_by_role("region", name="Text")
    box.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(box).to_contain_text("of many")
    assert box.locator(".virtual-row").count() < 200
    message.get_by_role("button", name="Show less").click()
    expect(box).to_be_hidden()


def test_five_thousand_messages(show: Callable[[str], Locator], page: Page, shot: Shot):
    panel = show(step_data.MANY)
    messages = panel.get_by_role("list", name="Input").locator("> li")
    expect(messages.first).to_contain_text("message number 0")
    assert messages.count() < 100
    body = panel.get_by_role("tabpanel")
    last = panel.get_by_text(f"message number {step_data.MESSAGES - 1}", exact=True)
    for _ in range(20):  # heights are guessed until they are seen
        body.evaluate("body => body.scrollTo(0, body.scrollHeight)")
        if last.count():
            break
        page.wait_for_timeout(50)
    expect(last).to_be_attached()
    shot(page, "many-messages")


def test_a_value_of_a_thousand_levels(show: Callable[[str], Locator], page: Page):
    panel = show(step_data.DEEP)
    page.keyboard.press("2")
    value = panel.get_by_role("region", name="Input")
    value.get_by_label("Search in this value").fill("bottom")
    expect(value.locator("mark")).to_have_text("bottom")
    output = panel.get_by_role("region", name="Output").first
    output.get_by_label("Search in this value").fill("value of 9999")
    expect(output.locator("mark")).to_have_text("value of 9999")
    page.keyboard.press("1")


def test_texts_of_every_script(show: Callable[[str], Locator], page: Page, shot: Shot):
    panel = show(step_data.ODD)
    value = panel.get_by_role("region", name="Input").last
    for text in ("שלום עולם", "漢字かな交じり文", "مرحبا", '"": no name', '"multi\\nline":'):
        expect(value).to_contain_text(text)
    shot(page, "every-script")


# --- what can be done ----------------------------------------------------------------------------


@pytest.mark.feature("P-LOG-13")
@pytest.mark.parametrize("role", ["ADMIN", "DOMAIN_EXPERT"])
def test_tags_by_keyboard(role: str, site: Site, page_as: Callable[..., Page]):
    page = page_as(role)
    page.goto(site.address(f"steps/{step_data.MARKED}"))
    tags = page.get_by_role("article").get_by_role("region", name="Tags")
    expect(tags.get_by_label("Add a tag")).to_be_visible()
    page.keyboard.press("t")
    expect(tags.get_by_label("Add a tag")).to_be_focused()
    page.keyboard.type(f"seen by {role}")
    page.keyboard.press("Enter")
    expect(tags.get_by_title(f"seen by {role}")).to_be_visible()
    page.reload()
    tags.get_by_role("button", name=f"Remove seen by {role}").click()
    expect(tags.get_by_title(f"seen by {role}")).to_be_hidden()
    page.reload()
    expect(tags.get_by_label("Add a tag")).to_be_visible()
    expect(tags.get_by_title(f"seen by {role}")).to_be_hidden()


@pytest.mark.feature("P-LOG-13")
def test_a_score_is_added_changed_and_deleted(show: Callable[[str], Locator], page: Page, shot: Shot):
    scores = show(step_data.MARKED).get_by_role("region", name="Scores")
    page.keyboard.press("s")
    form = scores.get_by_role("form", name="New score")
    expect(form.get_by_label("Name of the score")).to_be_focused()
    form.get_by_label("Name of the score").fill("helpfulness")
    expect(form.get_by_role("button", name="Add")).to_have_attribute("aria-disabled", "true")
    form.get_by_label("Value").fill("0.75")
    form.get_by_label("Comment").fill("Nearly <b>right</b>")
    shot(page, "new-score")
    form.get_by_role("button", name="Add").click()
    expect(scores).to_contain_text("helpfulness")
    expect(scores).to_contain_text("Nearly <b>right</b>")
    scores.get_by_role("button", name="Change the score helpfulness").click()
    change = scores.get_by_role("form", name="Change the score helpfulness")
    change.get_by_label("Value").fill("1")
    change.get_by_role("button", name="Save").click()
    expect(scores.locator(".score-value")).to_have_text("1")
    scores.get_by_role("button", name="Delete the score helpfulness").click()
    expect(scores.locator(".score")).to_have_count(0)


@pytest.mark.feature("P-LOG-14")
def test_a_schema_gives_the_choices_of_a_score(show: Callable[[str], Locator], page: Page, site: Site):
    graphql(
        site,
        'mutation { createScoreSchema(name: "tone", type: CATEGORICAL, description: "How it sounds", categories: '
        '[{label: "cold", value: 0}, {label: "warm", value: 1}]) { id } }',
    )
    graphql(site, 'mutation { createScoreSchema(name: "grade", type: CONTINUOUS, min: 1, max: 5) { id } }')
    scores = show(step_data.TOOL).get_by_role("region", name="Scores")
    page.keyboard.press("s")
    form = scores.get_by_role("form", name="New score")
    form.get_by_label("Name of the score").fill("grade")
    form.get_by_label("Value").fill("7")
    expect(form.get_by_role("button", name="Add")).to_have_attribute("title", "The number must be at most 5.")
    form.get_by_label("Name of the score").fill("tone")
    expect(form).to_contain_text("How it sounds")
    form.get_by_label("Value").select_option("warm")
    form.get_by_role("button", name="Add").click()
    expect(scores.locator(".score")).to_contain_text("warm")
    with site.http() as http:
        (score,) = http.get(f"/api/steps/{step_data.TOOL}").json()["scores"]
    assert (score["name"], score["label"], score["value"], score["type"]) == ("tone", "warm", 1, "HUMAN")
    assert score["scoreSchemaId"]


@pytest.mark.feature("P-LOG-10")
def test_two_generations_side_by_side(show: Callable[[str], Locator], page: Page, shot: Shot):
    show(step_data.CHAT).get_by_role("button", name="Compare").click()
    show(step_data.OTHER).get_by_role("link", name="Compare with marked").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("row").filter(has_text="temperature")).to_contain_text("0.20.9")
    expect(table.get_by_role("row").filter(has_text="Output tokens")).to_contain_text("(differs)")
    expect(page.get_by_role("heading", name="Input the same")).to_be_visible()
    output = page.get_by_role("region", name="Output")
    expect(output.locator(".diff-row").filter(has_text="It is").locator(".diff-first")).to_contain_text("clear")
    expect(output.locator(".diff-row").filter(has_text="It is").locator(".diff-second")).to_contain_text("cold")
    equal = page.get_by_role("region", name="Input").get_by_text("26 equal lines")
    expect(equal).to_be_visible()
    page.get_by_role("region", name="Input").get_by_role("button", name="Equal lines").click()
    expect(equal).to_be_hidden()
    shot(page, "compare")
    page.go_back()
    expect(page.get_by_role("tab", name="Rendered")).to_be_visible()


def test_what_is_copied_runs(show: Callable[[str], Locator], page: Page, site: Site, tmp_path: Path):
    """The call goes to where it went before, here a provider on this machine, and says the same again."""
    with FakeProvider() as provider:
        address = httpx.URL(provider.base_url)
        metadata = {"server_address": address.host, "server_port": address.port}
        call = step_data.chat(tools=None)
        call["generation"]["settings"] = {"model": "m", "temperature": 0}
        with site.http() as http:
            record = {"kind": "step", "id": "step-copied", **call, "metadata": metadata}
            assert http.post("/api/import", json={"records": [record]}).json()["results"][0]["ok"]
        panel = show("step-copied")
        keys = {"OPENAI_API_KEY": "sk-test", "LITERAL_API_KEY": site.key}
        shell, python = ["bash"], [sys.executable]
        for item, command in (
            ("curl: call the model again", shell),
            ("curl: get this step", shell),
            ("Python: call the model again", python),
            ("Python: get this step", python),
        ):
            panel.get_by_role("button", name="Copy as").click()
            page.get_by_role("button", name=item).click()
            expect(page.get_by_text("Copied the").last).to_be_visible()
            program = tmp_path / item.replace(" ", "-").replace(":", "")
            program.write_text(clipboard(page), encoding="utf-8")
            done = subprocess.run(
                [*command, str(program)],
                env={**os.environ, **keys},
                capture_output=True,
                text=True,
                timeout=40,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            expected = "step-copied" if "step" in item else "chat.completion"
            assert expected in done.stdout.replace("ChatCompletion", "chat.completion"), done.stdout
        sent = [request.json()["messages"][1]["content"][0] for request in provider.requests]
    assert sent == [step_data.ASKED[1]["content"][0]] * 2
    page.keyboard.press("c")
    expect(page.get_by_text("Copied the step as JSON")).to_be_visible()
    assert '"id": "step-copied"' in clipboard(page)


def graphql(site: Site, query: str) -> dict[str, Any]:
    with site.http() as http:
        answer = http.post("/api/graphql", json={"query": query}).json()
    assert "errors" not in answer, answer
    return answer["data"]
