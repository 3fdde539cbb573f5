"""Settings: keys, members and roles, tags, prices, score schemas, the project itself, one's account and looks."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

import served
from programs import clean_environment
from served import OWNER, PASSWORD, Site

PageAs = Callable[..., Page]
NARROW = {"width": 1100, "height": 700}
SECTIONS = [
    *("Project", "Export", "Model prices", "Score schemas", "Tags", "Members", "API keys"),
    *("Your account", "Appearance"),
]
INGEST = (
    "mutation($id: String!, $threadId: String, $tags: [String!], $generation: GenerationPayloadInput) "
    "{ ingestStep(id: $id, threadId: $threadId, type: llm, tags: $tags, generation: $generation) { ok message } }"
)


def put(site: Site, step_id: str, **step: Any) -> None:
    with site.http() as http:
        variables = {"id": step_id, "threadId": "order 17", **step}
        answer = http.post("/api/graphql", json={"query": INGEST, "variables": variables}).json()
    assert answer["data"]["ingestStep"]["ok"], answer


def cost(site: Site, step_id: str) -> float | None:
    with site.http() as http:
        query = {"query": "query($id: String!) { step(id: $id) { generation { cost } } }", "variables": {"id": step_id}}
        return http.post("/api/graphql", json=query).json()["data"]["step"]["generation"]["cost"]


def get(site: Site, path: str, **parameters: str) -> Any:
    with site.http() as http:
        answer = http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with little in it: these tests change its settings."""
    with served.site(tmp_path_factory.mktemp("settings") / "data") as running:
        for role in served.PEOPLE:
            running.person(role)
        for number, model in enumerate(["gpt-4o", "gpt-4o-mini", "house-1"]):
            call = {"provider": "house" if "house" in model else "openai", "model": model}
            counts = {"inputTokenCount": 1000, "outputTokenCount": 1000}
            put(running, f"call-{number}", tags=["paid", "seen"][: number or 1], generation={**call, **counts})
        yield running


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


@pytest.mark.feature("P-SET-05")
@pytest.mark.parametrize(("look", "options"), [("light", {}), ("dark", {"dark": True, "viewport": NARROW})])
def test_every_section_is_there_and_looks_right(
    site: Site, page_as: PageAs, shot: Any, look: str, options: dict[str, Any]
):
    page = page_as(**options)
    page.goto(site.address("settings"))
    sections = page.get_by_role("navigation", name="Settings").get_by_role("link")
    expect(sections).to_have_text(SECTIONS)
    for name in SECTIONS:
        sections.filter(has_text=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(sections.and_(page.locator("[aria-current=page]"))).to_have_text(name)
        page.wait_for_load_state("networkidle")
        shot(page, f"{name.lower().replace(' ', '-')}-{look}")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(SECTIONS[-2])
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(SECTIONS[-2])


@pytest.mark.feature("P-SET-02")
def test_a_key_is_shown_once_works_and_is_refused_after_its_revocation(site: Site, page: Page, shot: Any):
    page.goto(site.address("settings/keys"))
    page.get_by_role("button", name="New key").click()
    dialog(page).get_by_label("Name").fill("the shop")
    dialog(page).get_by_label("Role").select_option("AI_ENGINEER")
    dialog(page).get_by_role("button", name="Make the key").click()
    key = dialog(page).locator(".settings-secret code").inner_text()
    assert re.fullmatch(r"[A-Za-z0-9_-]+", key)
    shot(page, "new-key")
    dialog(page).get_by_role("button", name="Copy the key").click()
    assert page.evaluate("navigator.clipboard.readText()") == key
    dialog(page).get_by_role("button", name="Done").click()
    expect(row(page, "the shop")).to_contain_text(f"{key[:6]}…AI Engineer")
    expect(row(page, "the shop")).to_contain_text("never")
    assert key not in page.content()

    question = {"json": {}, "headers": {"x-api-key": key}}
    assert httpx.post(f"{site.url}/api/my-project", **question).json()["projectId"] == site.project
    page.get_by_role("button", name="Revoke the shop").click()
    dialog(page).get_by_role("button", name="Revoke").click()
    expect(row(page, "the shop")).to_have_count(0)
    assert httpx.post(f"{site.url}/api/my-project", **question).status_code == 401


@pytest.mark.feature("P-TEAM-02")
@pytest.mark.feature("P-TEAM-03")
def test_a_domain_expert_sees_settings_and_changes_none_but_tags(site: Site, page_as: PageAs, watch: Any, shot: Any):
    page = page_as("DOMAIN_EXPERT")
    page.goto(site.address("settings/members"))
    expect(row(page, OWNER["name"])).to_be_visible()
    expect(page.get_by_role("combobox", name=f"Role of {OWNER['name']}")).to_be_disabled()
    for button in ("Invite …", f"Remove {OWNER['name']}"):
        expect(page.get_by_role("button", name=button)).to_have_attribute(
            "title", "The role Domain Expert may not change this."
        )
    shot(page, "members-domain-expert")
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_role("heading", name="Keys are not shown to you")).to_be_visible()
    page.get_by_role("link", name="Project", exact=True).click()
    expect(page.get_by_role("textbox", name="Name")).to_be_disabled()
    expect(page.get_by_role("button", name="Delete …")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("link", name="Model prices").click()
    expect(page.get_by_role("button", name="New rule")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("link", name="Tags").click()
    page.get_by_label("New tag").fill("by an expert")
    page.get_by_role("button", name="Add").click()
    expect(row(page, "by an expert")).to_be_visible()


def test_an_engineer_makes_keys_and_does_not_rule_the_project(site: Site, page_as: PageAs):
    page = page_as("AI_ENGINEER")
    page.goto(site.address("settings/keys"))
    page.get_by_role("button", name="New key").click()
    offered = dialog(page).get_by_label("Role").get_by_role("option")
    expect(offered).to_have_text([re.compile("AI Engineer"), re.compile("Domain Expert")])
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Revoke LITERAL_API_KEY")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("link", name="Members").click()
    expect(page.get_by_role("button", name="Invite …")).to_have_attribute("aria-disabled", "true")


@pytest.mark.feature("P-TEAM-01")
def test_an_admin_changes_a_role_and_it_counts_at_once(site: Site, page: Page):
    invited = {"name": "Petra Passing", "email": "petra@example.com"}
    site.invited("DOMAIN_EXPERT", **invited)
    with site.browser_like() as http:
        signed_in = http.post("/api/session", json={"email": invited["email"], "password": PASSWORD}).json()
        http.headers.update({"x-csrf-token": signed_in["csrfToken"], "x-project-id": site.project})
        assert http.get("/api/keys").status_code == 403
        page.goto(site.address("settings/members"))
        page.get_by_role("combobox", name="Role of Petra Passing").select_option("AI_ENGINEER")
        expect(page.get_by_text("Petra Passing is AI Engineer now")).to_be_visible()
        assert http.get("/api/keys").status_code == 200
        page.get_by_role("button", name="Remove Petra Passing").click()
        dialog(page).get_by_role("button", name="Remove").click()
        expect(row(page, "Petra Passing")).to_have_count(0)
        assert http.get("/api/keys").status_code in (403, 404)


@pytest.mark.feature("P-UI-03")
def test_the_last_admin_stays(site: Site, page: Page, watch: Any):
    watch(page).expect("status of 409")
    page.goto(site.address("settings/members"))
    role = page.get_by_role("combobox", name=f"Role of {OWNER['name']}")
    role.select_option("DOMAIN_EXPERT")
    expect(page.locator(".toast-error")).to_contain_text("admin")
    expect(role).to_have_value("ADMIN")
    page.locator(".toast-error").get_by_role("button", name="Close").click()
    expect(page.locator(".toast-error")).to_have_count(0)
    page.get_by_role("link", name="Project", exact=True).click()
    page.get_by_role("button", name="Leave …").click()
    dialog(page).get_by_role("button", name="Leave").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("admin")


@pytest.mark.feature("P-SET-03")
def test_a_tag_is_coloured_renamed_merged_and_deleted_in_the_logs_too(site: Site, page: Page, shot: Any):
    put(site, "tagged", tags=["urgent", "late"])
    put(site, "tagged too", tags=["late"])
    page.goto(site.address("settings/tags"))
    page.get_by_label("Filter the tags").fill("LAT")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_label("Filter the tags").fill("")
    page.get_by_role("button", name="Colour of late").click()
    page.get_by_role("button", name="red").click()
    expect(row(page, "late").locator(".tag-red")).to_be_visible()
    page.get_by_role("button", name="Rename late").click()
    dialog(page).get_by_label("New name").fill("urgent")
    expect(dialog(page)).to_contain_text("the two become one")
    shot(page, "tag-merge")
    dialog(page).get_by_role("button", name="Merge").click()
    expect(row(page, "urgent")).to_contain_text("2")
    expect(row(page, "late")).to_have_count(0)
    row(page, "urgent").get_by_role("link", name="2", exact=True).click()
    page.wait_for_url(re.compile(r"/steps\?.*filters="))
    expect(page.locator("main .chip .tag-red")).to_have_count(0)  # merged into urgent, which has no colour
    expect(page.locator("main").get_by_title("urgent", exact=True)).to_have_count(2)
    page.go_back()
    with site.api() as api:
        assert api.get_step(id="tagged").tags == ["urgent"]
        page.get_by_role("button", name="Delete urgent").click()
        dialog(page).get_by_role("button", name="Delete").click()
        expect(row(page, "urgent")).to_have_count(0)
        assert api.get_step(id="tagged").tags == []


@pytest.mark.feature("P-SET-03")
def test_a_tag_that_much_carries_goes_in_portions_that_a_reload_does_not_lose(site: Site, page: Page, shot: Any):
    for number in range(3):
        put(site, f"crowded {number}", tags=["crowded"])
    held: list[Route] = []

    def one_portion(route: Route) -> None:
        """The server as it is with a tag on a million steps: one portion is done, the next one takes its time."""
        if route.request.method == "GET":
            route.continue_()
        elif held:
            held.append(route)
        else:
            held.append(route)
            route.fulfill(json={"changed": 1, "left": 3, "done": False})

    page.route("**/api/tags/*", one_portion)
    page.goto(site.address("settings/tags"))
    page.get_by_role("button", name="Delete crowded").click()
    dialog(page).get_by_role("button", name="Delete").click()
    progress = page.get_by_role("region", name="Deleting “crowded”")
    expect(progress).to_have_text("Deleting “crowded”: 1 of 4 done")
    expect(dialog(page)).to_have_count(0)
    shot(page, "tag-progress")
    expect(page.get_by_role("button", name="Rename crowded")).to_have_attribute("aria-disabled", "true")
    page.get_by_label("New tag").fill("meanwhile")
    page.get_by_role("button", name="Add").click()
    expect(row(page, "meanwhile")).to_be_visible()
    page.get_by_role("link", name="Members").click()
    page.get_by_role("link", name="Tags").click()
    expect(progress).to_have_text("Deleting “crowded”: 1 of 4 done")

    page.reload()
    expect(progress).to_contain_text("Deleting “crowded” stands unfinished: 1 of 4 done")
    page.emulate_media(color_scheme="dark")
    shot(page, "tag-unfinished-dark")
    assert len(held) == 2
    page.unroute_all(behavior="ignoreErrors")
    progress.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Deleted crowded")).to_be_visible()
    expect(row(page, "crowded")).to_have_count(0)
    expect(progress).to_have_count(0)
    with site.api() as api:
        assert api.get_step(id="crowded 0").tags == []


@pytest.mark.feature("P-SET-03")
def test_what_was_finished_elsewhere_or_is_left_so_is_said_no_more(site: Site, page: Page, watch: Any):
    watch(page).expect("Failed to load resource")  # of the server that is not there for a moment
    put(site, "two ways", tags=["left so", "deleted elsewhere"])
    page.goto(site.address("settings/tags"))
    for name in ("left so", "deleted elsewhere"):
        answers = iter([{"changed": 1, "left": None, "done": False}])
        page.route("**/api/tags/*", partial(answer_or_fail, answers))
        page.get_by_role("button", name=f"Delete {name}").click()
        dialog(page).get_by_role("button", name="Delete").click()
        progress = page.get_by_role("region", name=f"Deleting “{name}”")
        expect(progress).to_contain_text("stands unfinished: 1 of more than 10,001 done")
        page.unroute_all()
    page.get_by_role("region", name="Deleting “left so”").get_by_role("button", name="Leave it so").click()
    expect(page.get_by_role("region", name="Deleting “left so”")).to_have_count(0)
    expect(row(page, "left so")).to_be_visible()
    (elsewhere,) = [tag for tag in get(site, "/api/tags")["tags"] if tag["name"] == "deleted elsewhere"]
    with site.http() as http:
        assert http.delete(f"/api/tags/{elsewhere['id']}").json()["done"]
    page.reload()
    expect(row(page, "left so")).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("Deleting"))).to_have_count(0)


def answer_or_fail(answers: Iterator[dict[str, Any]], route: Route) -> None:
    """What the server says, in turn; after that it is gone."""
    if route.request.method == "GET":
        route.continue_()
    elif (answer := next(answers, None)) is not None:
        route.fulfill(json=answer)
    else:
        route.abort()


@pytest.mark.feature("P-LOG-24")
def test_many_tags_are_all_listed(site: Site, page: Page):
    with site.http() as http:
        for number in range(150):
            assert http.post("/api/tags", json={"name": f"bulk {number:03d}"}).status_code == 201
    page.goto(site.address("settings/tags"))
    page.get_by_label("Filter the tags").fill("bulk")
    expect(page.get_by_role("row")).to_have_count(151)


@pytest.mark.feature("P-COST-01")
@pytest.mark.feature("P-COST-02")
def test_a_price_rule_counts_from_now_on(site: Site, page: Page, watch: Any, shot: Any):
    watch(page).expect("status of 400")  # of a pattern that is none yet
    page.goto(site.address("settings/prices"))
    models = page.get_by_role("table", name="Models of this project")
    expect(models.get_by_role("row").filter(has_text="house-1")).to_contain_text("no price known")
    expect(models.get_by_role("row").filter(has_text="gpt-4o-mini")).to_contain_text("list price of openai/gpt-4o-mini")
    page.get_by_role("button", name="New rule").click()
    dialog(page).get_by_label("Pattern").fill("(")
    expect(dialog(page)).to_contain_text("no regular expression")
    dialog(page).get_by_label("Pattern").fill("house.*")
    expect(dialog(page)).to_contain_text("Stands for house-1.")
    dialog(page).get_by_label("Input").fill("5")
    dialog(page).get_by_label("Output").fill("15")
    dialog(page).get_by_label("From").fill("2026-01-01")
    shot(page, "new-rule")
    dialog(page).get_by_role("button", name="Save").click()
    expect(models.get_by_role("row").filter(has_text="house-1")).to_contain_text("$5.00$15.00rule house.*")
    counts = {"inputTokenCount": 1000, "outputTokenCount": 1000}
    put(site, "priced", generation={"provider": "house", "model": "house-1", **counts})
    assert cost(site, "priced") == pytest.approx(0.02)
    page.get_by_role("button", name="Change house.*").click()
    dialog(page).get_by_label("Until").fill("2026-02-01")
    dialog(page).get_by_role("button", name="Save").click()
    expect(models.get_by_role("row").filter(has_text="house-1")).to_contain_text("no price known")
    page.get_by_role("button", name="Change house.*").click()
    dialog(page).get_by_label("Until").fill("")
    dialog(page).get_by_role("button", name="Save").click()
    expect(models.get_by_role("row").filter(has_text="house-1")).to_contain_text("rule house.*")
    page.get_by_role("button", name="Delete house.*").click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No rules: list prices count.")).to_be_visible()


@pytest.mark.feature("P-SCR-06")
def test_a_score_schema_holds_scores_against_it(site: Site, page: Page, shot: Any):
    page.goto(site.address("settings/scores"))
    page.get_by_role("button", name="New schema").click()
    dialog(page).get_by_label("Name").fill("Mood")
    dialog(page).get_by_label("Categories").fill("Glad = 1: thanks, or tips\nSad = -1")
    shot(page, "new-schema")
    dialog(page).get_by_role("button", name="Save").click()
    expect(row(page, "Mood")).to_contain_text("Glad 1, Sad -1")
    page.get_by_role("button", name="New schema").click()
    dialog(page).get_by_label("Name").fill("Stars")
    dialog(page).get_by_label("Values").select_option("CONTINUOUS")
    dialog(page).get_by_label("Most").fill("5")
    dialog(page).get_by_role("button", name="Save").click()
    expect(row(page, "Stars")).to_contain_text("0 to 5")
    page.get_by_role("button", name="Delete Mood").click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(row(page, "Mood")).to_have_count(0)


@pytest.mark.feature("P-SCR-06")
def test_a_score_schema_is_changed_for_scores_to_come(site: Site, page: Page, watch: Any, shot: Any):
    watch(page).expect("status of 400")  # of a name that is taken
    put(site, "judged")
    with site.api() as api:
        moods = [{"label": "Good", "value": 1, "description": "thanks, or tips"}, {"label": "Bad", "value": 0}]
        api.create_score_schema("Tone", "How it sounds", categories=moods)
        api.create_score_schema("Length", min=0, max=5)
        made = api.create_score("Tone", None, "HUMAN", step_id="judged", label="Bad")

        page.goto(site.address("settings/scores"))
        page.get_by_role("button", name="Change Tone").click()
        expect(dialog(page).get_by_label("Categories")).to_have_value("Good = 1: thanks, or tips\nBad = 0")
        expect(dialog(page).get_by_label("Values")).to_be_disabled()
        dialog(page).get_by_label("Name").fill("Length")
        dialog(page).get_by_role("button", name="Save").click()
        expect(dialog(page).get_by_role("alert")).to_contain_text("has a score schema 'Length' already")
        dialog(page).get_by_label("Name").fill("Sound")
        dialog(page).get_by_label("About").fill("")
        shot(page, "change-schema")
        dialog(page).get_by_role("button", name="Save").click()
        expect(row(page, "Sound")).to_contain_text("Good 1, Bad 0")
        expect(row(page, "How it sounds")).to_have_count(0)
        page.get_by_role("button", name="Change Sound").click()
        dialog(page).get_by_label("Categories").fill("Good = 2: thanks, or tips\nFair = 1")
        dialog(page).get_by_role("button", name="Save").click()
        expect(row(page, "Sound")).to_contain_text("Good 2, Fair 1")
        page.get_by_role("button", name="Change Length").click()
        dialog(page).get_by_label("Most").fill("9")
        dialog(page).get_by_role("button", name="Save").click()
        expect(row(page, "Length")).to_contain_text("0 to 9")

        (kept,) = api.get_scores(filters=[{"field": "id", "operator": "eq", "value": made.id}]).data
        assert (kept.name, kept.label, kept.value) == ("Tone", "Bad", 0)
        assert api.create_score("Sound", None, "HUMAN", step_id="judged", label="Good").value == 2
        (sound,) = [one for one in api.get_score_schemas().data if one.name == "Sound"]
        assert [one.get("description") for one in sound.categories] == ["thanks, or tips", None]


@pytest.mark.feature("P-SCR-06")
def test_a_schema_that_was_just_made_is_offered_where_steps_are_scored(site: Site, page: Page):
    put(site, "to be scored")
    page.goto(site.address("settings/scores"))
    page.get_by_role("button", name="New schema").click()
    dialog(page).get_by_label("Name").fill("Tact")
    dialog(page).get_by_role("button", name="Save").click()
    expect(row(page, "Tact")).to_be_visible()
    page.get_by_role("link", name="Steps", exact=True).click()
    page.get_by_role("checkbox").nth(1).check()
    page.keyboard.press("s")
    dialog(page).get_by_label("Name").fill("Tact")
    expect(dialog(page).get_by_label("Value")).to_be_visible()
    expect(dialog(page)).to_contain_text("Good")


@pytest.mark.feature("P-LOG-22")
def test_what_the_project_holds_is_counted(site: Site, page: Page):
    held = get(site, "/api/usage")
    page.goto(site.address("settings"))
    facts = page.get_by_role("region", name="What it holds")
    for name in ("threads", "steps", "generations"):
        fact = facts.locator("div").filter(has=page.get_by_text(name.capitalize(), exact=True))
        expect(fact.locator("dd")).to_have_text(str(held[name]))


@pytest.mark.feature("P-SET-04")
def test_a_project_is_renamed_handed_over_left_and_deleted(site: Site, page: Page, shot: Any):
    with site.signed_in() as http:
        made = http.post("/api/projects", json={"name": "short lived"}).json()["id"]
        http.headers["x-project-id"] = made
        link = http.post("/api/invitations", json={"email": "emil@example.com", "role": "DOMAIN_EXPERT"}).json()["link"]
    with site.browser_like() as http:
        accepted = {"token": link.partition("#")[2], "password": PASSWORD}
        assert http.post("/api/invitations/accept", json=accepted).status_code == 200
    page.goto(f"{site.url}/p/{made}/settings")
    page.get_by_role("textbox", name="Name").fill("lives on")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("button", name="Project: lives on")).to_be_visible()
    page.get_by_role("button", name="Delete …").click()
    delete = dialog(page).get_by_role("button", name="Delete for ever")
    expect(delete).to_have_attribute("aria-disabled", "true")
    dialog(page).get_by_label("Type “lives on” to confirm").fill("lives on")
    expect(delete).not_to_have_attribute("aria-disabled", "true")
    shot(page, "delete-project")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Hand over …").click()
    dialog(page).get_by_label("To").select_option(label=re.compile("Emil").pattern + " Engineer (emil@example.com)")
    dialog(page).get_by_role("button", name="Hand over").click()
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Delete …")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Leave …").click()
    dialog(page).get_by_role("button", name="Leave").click()
    page.wait_for_url(f"**/p/{site.project}/dashboard*")
    page.get_by_role("button", name=re.compile("^Project:")).click()
    expect(page.get_by_role("link", name=re.compile("lives on"))).to_have_count(0)


@pytest.mark.feature("P-SET-04")
def test_a_deleted_project_is_gone_at_once(site: Site, page: Page):
    with site.signed_in() as http:
        made = http.post("/api/projects", json={"name": "gone soon"}).json()["id"]
    page.goto(f"{site.url}/p/{made}/settings")
    page.get_by_role("button", name="Delete …").click()
    dialog(page).get_by_label("Type “gone soon” to confirm").fill("gone soon")
    dialog(page).get_by_role("button", name="Delete for ever").click()
    page.wait_for_url(f"**/p/{site.project}/dashboard*", timeout=30_000)  # other processes forget its keys first
    with site.signed_in() as http:
        assert made not in [project["id"] for project in http.get("/api/projects").json()["projects"]]


def test_a_person_changes_name_address_and_password(site: Site, page_as: PageAs, watch: Any):
    moving = {"name": "Mo Moving", "email": "mo@example.com"}
    site.invited("AI_ENGINEER", **moving)
    page = page_as(None)
    watch(page).expect("status of 403")
    page.goto(site.address("settings/account"))
    page.get_by_label("E-mail").fill(moving["email"])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name").fill("Mo Moved")
    page.get_by_label("E-mail").fill("moved@example.com")
    page.get_by_label("Current password").first.fill("not it, no")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("currentPassword is not the password")).to_be_visible()
    page.get_by_label("Current password").first.fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="account of Mo Moved")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("another password")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("Changed your password")).to_be_visible()
    page.get_by_label("Name").fill("Mo")  # the session goes on, with its new token
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="account of Mo")).to_be_visible()
    with site.browser_like() as http:
        wrong, right = (
            http.post("/api/session", json={"email": "moved@example.com", "password": password}).status_code
            for password in (PASSWORD, "another password")
        )
    assert (wrong, right) == (401, 200)


@pytest.mark.feature("P-UI-01")
def test_theme_and_density_are_kept(site: Site, page: Page):
    page.goto(site.address("settings/appearance"))
    page.get_by_label("Dark").check()
    page.get_by_label("Compact").check()
    page.reload()
    expect(page.get_by_label("Dark")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Light").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 100 < 600 < sum(map(int, re.findall(r"\d+", light)[:3]))
    assert page.evaluate("document.documentElement.dataset.density") == "compact"
    page.get_by_label("Normal").check()
    page.get_by_label("As the system").check()


@pytest.mark.feature("P-XPT-01")
def test_the_export_of_everything_is_shown_as_it_runs(site: Site, page: Page):
    page.goto(site.address("settings/export"))
    expect(page.locator(".snippet code")).to_have_count(4)
    shown = "\n".join(page.locator(".snippet code").all_inner_texts())
    assert f"LITERAL_API_URL={site.url}" in shown
    assert "literalai-otel export project.jsonl" in shown
    page.get_by_role("button", name="Copy the code").click()
    code = page.evaluate("navigator.clipboard.readText()")
    environment = clean_environment(LITERAL_API_KEY=site.key)
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=40, check=True
    )
    assert printed.stdout.startswith("order 17 ")


def test_the_settings_are_walked_by_keyboard_alone(site: Site, page: Page):
    page.goto(site.address("settings/tags"))
    page.get_by_role("link", name="Members").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()
    page.get_by_role("button", name="Invite …").focus()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Invite …")).to_be_focused()
