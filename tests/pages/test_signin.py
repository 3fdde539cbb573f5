"""Getting in and out: by link, by password, by invitation; the set-up of a new server; one project and another."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

import served
from literalai_otel.testing import FakeProvider
from programs import BIN, clean_environment
from served import OWNER, PASSWORD, Site

SiteWith = Callable[..., AbstractContextManager[Site]]
PageAs = Callable[..., Page]
APP = """
import openai

client = openai.OpenAI(base_url="{url}", api_key="of the provider")
client.chat.completions.create(model="gpt-4o", messages=[{{"role": "user", "content": "Hello"}}])
"""
NEW = {"name": "Nina New", "email": "nina@example.com"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server without data: these tests change who may get in."""
    with served.site(tmp_path_factory.mktemp("signin") / "data") as running:
        running.person("ADMIN")
        yield running


def sign_in(page: Page, email: str = OWNER["email"], password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.feature("P-SET-02")
def test_the_first_link_sets_a_new_server_up(site_with: SiteWith, page_as: PageAs, shot: Any, tmp_path: Path):
    """The commands that it ends with are run as they are shown: the first call is a generation."""
    with site_with() as fresh:
        page = page_as(None, site=fresh)
        page.goto(fresh.url)
        expect(page.get_by_role("heading", name="This server is new")).to_be_visible()
        shot(page, "new-server")
        page.goto(fresh.sign_in_link())
        expect(page.get_by_role("heading", name="make this server yours")).to_be_visible()
        assert "#" not in page.url, "the token stays in the address"
        shot(page, "first-run")
        page.get_by_label("Your name").fill(OWNER["name"])
        page.get_by_label("E-mail").fill(OWNER["email"])
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Make an API key").click()
        commands = page.locator(".snippet code")
        expect(commands).to_contain_text("LITERAL_API_KEY=lit_")
        shot(page, "instrument")
        key = re.search(r"LITERAL_API_KEY=([A-Za-z0-9_-]+)\n", commands.inner_text())
        assert key is not None
        assert f"LITERAL_API_URL={fresh.url}\n" in commands.inner_text()
        with FakeProvider() as provider:
            (tmp_path / "app.py").write_text(APP.format(url=provider.base_url))
            environment = clean_environment(PATH=f"{BIN}:{os.environ['PATH']}")
            shell = ["bash", "-e", "-c", commands.inner_text()]
            subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True)
        with fresh.api(key[1]) as api:
            (generation,) = api.get_generations().data
        assert generation.model.startswith("gpt-4o")
        page.get_by_role("button", name="Go to").click()
        page.wait_for_url(f"**/p/{fresh.project}/dashboard*")
        expect(page.get_by_role("button", name=f"account of {OWNER['name']}")).to_be_visible()
        page.close()  # before its server goes


def test_a_link_works_once(site: Site, page_as: PageAs, watch: Any, shot: Any):
    link = site.sign_in_link()
    first = page_as(None)
    first.goto(link)
    first.wait_for_url("**/p/**")
    second = page_as(None)
    watch(second).expect("status of 401")
    second.goto(link)
    expect(second.get_by_role("heading", name="This link does not sign you in")).to_be_visible()
    shot(second, "link-used")
    expect(second.get_by_text("You are signed in")).to_have_count(0)
    second.get_by_role("link", name="Sign in with a password").click()
    sign_in(second)
    second.wait_for_url("**/p/**")
    watch(first).expect("status of 401")
    first.goto(link)
    first.get_by_role("link", name=f"Go on as {OWNER['name']}").click()
    first.wait_for_url("**/p/**")


def test_a_password_leads_to_where_one_wanted_to_go(site: Site, page_as: PageAs, watch: Any, shot: Any):
    page = page_as(None)
    watch(page).expect("status of 401")
    page.goto(site.address("settings/tags?range=7d"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    shot(page, "password")
    sign_in(page, password="not the password")
    expect(page.get_by_text("The e-mail address or the password is wrong.")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_value("")
    shot(page, "wrong-password")
    sign_in(page)
    expect(page.get_by_role("heading", name="Tags", exact=True)).to_be_visible()
    assert "/settings/tags" in page.url
    assert "range=7d" in page.url


def test_signing_out_ends_the_session(site: Site, page_as: PageAs, watch: Any):
    session = site.session(fresh=True)
    page = page_as(session=session)
    page.goto(site.address("settings"))
    page.get_by_role("button", name=re.compile("account of")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    with site.browser_like() as http:
        http.cookies.set(served.COOKIE, session)
        assert http.get("/api/session").json()["user"] is None


@pytest.mark.feature("P-TEAM-04")
def test_an_invitation_makes_a_member_once(site: Site, page: Page, page_as: PageAs, watch: Any, shot: Any):
    page.goto(site.address("settings/members"))
    page.get_by_role("button", name="Invite …").click()
    page.get_by_label("E-mail").fill(NEW["email"])
    page.get_by_label("Role", exact=True).select_option("DOMAIN_EXPERT")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("dialog").locator("code").inner_text()
    shot(page, "invitation-made")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("cell", name=NEW["email"], exact=True)).to_be_visible()

    invited = page_as(None)
    invited.goto(link)
    expect(invited.get_by_role("heading", name="Join")).to_be_visible()
    assert "#" not in invited.url
    expect(invited.get_by_text("Domain Expert")).to_be_visible()
    shot(invited, "invitation")
    invited.get_by_label("Your name").fill(NEW["name"])
    invited.get_by_label("Password").fill(PASSWORD)
    invited.get_by_role("button", name="Join").click()
    invited.wait_for_url(f"**/p/{site.project}/dashboard*")

    again = page_as(None)
    watch(again).expect("status of 404")
    again.goto(link)
    expect(again.get_by_role("heading", name="This invitation does not work")).to_be_visible()

    page.reload()
    expect(page.get_by_role("combobox", name=f"Role of {NEW['name']}")).to_have_value("DOMAIN_EXPERT")


@pytest.mark.feature("P-SET-01")
def test_projects_are_made_and_switched_and_keep_their_data_apart(site: Site, page: Page, shot: Any):
    with site.http() as http:
        assert http.post("/api/tags", json={"name": "of the first"}).status_code == 201
    page.goto(site.address("settings/tags"))
    expect(page.get_by_text("of the first")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Project:")).click()
    page.get_by_role("button", name="New project …").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Second")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(lambda url: site.project not in url and "/dashboard" in url)
    switch = page.get_by_role("button", name="Project: Second")
    expect(switch).to_be_visible()  # the address is there before what it shows
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Tags").click()
    expect(page.get_by_text("No tags yet.")).to_be_visible()
    switch.click()
    expect(page.get_by_role("link", name="Second Admin")).to_be_visible()
    shot(page, "projects")
    page.get_by_role("link", name=re.compile("^Default")).click()
    page.wait_for_url(f"**/p/{site.project}/settings*")
    page.go_back()
    expect(page.get_by_role("button", name="Project: Second")).to_be_visible()


def test_of_many_projects_one_is_found_by_its_name(site: Site, page: Page):
    with site.signed_in() as http:
        for number in range(9):
            assert http.post("/api/projects", json={"name": f"Crowd {number}"}).status_code == 201
    page.goto(site.address("settings"))
    page.get_by_role("button", name=re.compile("^Project:")).click()
    page.get_by_label("Find a project").fill("crowd 7")
    page.get_by_role("link", name="Crowd 7 Admin").click()
    expect(page.get_by_role("button", name="Project: Crowd 7")).to_be_visible()


def test_nobody_sees_a_page_of_a_project_that_is_not_theirs(site: Site, page: Page, watch: Any):
    watch(page).expect("status of 404")
    page.goto(f"{site.url}/p/no-such-project/settings")
    expect(page.get_by_role("heading", name="There is no such project here")).to_be_visible()
    assert httpx.get(f"{site.url}/api/tags", headers={"x-project-id": site.project}).status_code == 401


def test_a_session_that_ends_under_an_open_page_goes_on_after_the_password(
    site: Site, page_as: PageAs, watch: Any, shot: Any
):
    session = site.session(fresh=True)
    page = page_as(session=session)
    watch(page).expect("status of 401")
    page.goto(site.address("settings/tags"))
    page.get_by_label("New tag").fill("half written")
    with site.browser_like() as http:
        http.cookies.set(served.COOKIE, session)
        http.headers["x-csrf-token"] = http.get("/api/session").json()["csrfToken"]
        assert http.delete("/api/session").status_code == 204
    # The live stream may have noticed before: then the dialog lies over the button.
    page.get_by_role("button", name="Add").dispatch_event("click")
    over = page.get_by_role("dialog")
    expect(over).to_contain_text("Your session is over")
    expect(over.get_by_label("E-mail")).to_have_value(OWNER["email"])
    shot(page, "session-over")
    over.get_by_label("Password").fill(PASSWORD)
    over.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("New tag")).to_have_value("half written")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("row").filter(has_text="half written")).to_be_visible()


def test_below_a_base_path_every_way_stays_below_it(site_with: SiteWith, page_as: PageAs):
    with site_with(LITERAL_BASE_PATH="/team") as below:
        base = f"{below.url}/team"
        page = page_as(None, site=below)
        page.goto(f"{base}/sign-in#{below.sign_in_link().partition('#')[2]}")
        page.get_by_label("Your name").fill(OWNER["name"])
        page.get_by_label("E-mail").fill(OWNER["email"])
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".snippet code")).to_contain_text(f"LITERAL_API_URL={base}\n")
        page.get_by_role("button", name="I have one").click()
        page.wait_for_url(f"{base}/p/{below.project}/dashboard*")
        page.get_by_role("button", name=re.compile("account of")).click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{base}/sign-in*")
        page.goto(f"{base}/p/{below.project}/settings/tags?range=7d")
        sign_in(page)
        expect(page.get_by_role("heading", name="Tags", exact=True)).to_be_visible()
        assert page.url == f"{base}/p/{below.project}/settings/tags?range=7d"
        page.get_by_role("button", name=re.compile("^Project:")).click()
        page.get_by_role("link", name=re.compile("^Default")).click()
        page.wait_for_url(f"{base}/p/{below.project}/settings")
        page.close()  # before its server goes
