"""The hub of `make hub`, with two learners who are programs: what is one's own, what is refused, and the limits.

Runs where `make hub-setup` was run.
"""

import asyncio
import http.cookiejar
import importlib.util
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from browser_limit import CHROMIUM
from scripts import scripts

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300_000  # milliseconds; a step takes seconds at most on a machine that has time
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's"),
              pytest.mark.skipif(not (ROOT / ".venv-hub" / ".ready").exists(),
                                 reason="JupyterHub is not installed: run `make hub-setup`")]


@pytest.fixture(scope="module")
def simulate():
    """The module hub/simulate.py."""
    with scripts("hub", "simulate") as module:
        yield module


@pytest.fixture(scope="module")
def seen(simulate, tmp_path_factory):
    """What happened in a room with ada and ben, by name; one hub for all tests, since its start takes seconds."""
    folder = tmp_path_factory.mktemp("hub")

    async def visit():
        async with simulate.Room(folder) as room:
            ada, ben = await asyncio.gather(room.learner("ada"), room.learner("ben"))
            kernel = await room.kernel("ada", ada)
            found = {"mask": await room.run("ada", ada, kernel, simulate.FIRST_MASK),
                     "place": await room.run("ada", ada, kernel, "import os; print(os.getcwd(), os.path.expanduser('~'))"),
                     "cores": await room.run("ada", ada, kernel, "print(len(os.sched_getaffinity(0)))")}
            with pytest.raises(RuntimeError) as raised:
                await room.run("ada", ada, kernel, "bytearray(3 * 2**30)")
            found["too much memory"] = str(raised.value)
            work = {"type": "file", "format": "text", "content": "ada was here"}
            mine = "/user/ada/api/contents/notebooks/glossary.md"
            found["written"] = await room.ask(mine, ada, "PUT", work)
            for whose, token in (("ada", ada), ("ben", ben), ("a stranger", "0" * 32)):
                found[whose] = {path: (await room.ask(path, token))[0] for path in (
                    mine, "/user/ada/api/kernels", f"/user/ada/api/kernels/{kernel}", "/user/ada/api/contents/",
                    "/user/ada/api/contents/..%2Fben", "/hub/api/users/ada", "/hub/api/users")}
            found["ben writes"] = await room.ask(mine, ben, "PUT", {**work, "content": "ben was here"})
            with pytest.raises(Exception, match="403"):
                await room.run("ada", ben, kernel, "print(1)")
            found["ben's own"] = await room.ask("/user/ben/api/contents/notebooks/glossary.md", ben)
            found["logins"] = await asyncio.to_thread(logins, room.url)
            found["pages"] = await asyncio.to_thread(pages, room.url)
            await room.ask("/hub/api/users/ada/server", method="DELETE")
            await room.until("/hub/api/users/ada", lambda said: not said["servers"])
            ada = await room.learner("ada")
            found["after a restart"] = await room.ask(mine, ada)
            return found

    return asyncio.run(visit())


def logins(url):
    """The status of four logins with a name and a password, one after the other."""
    found = []
    for name, password in (("cleo", "first-one-1"), ("cleo", "another-one-2"), ("cleo", "first-one-1"), ("../ada", "first-one-1")):
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = browser.open(f"{url}/hub/login").read().decode()
        form = {"username": name, "password": password, "_xsrf": re.search(r'name="_xsrf"\s+value="([^"]+)"', page)[1]}
        try:
            browser.open(f"{url}/hub/login?next=%2Fhub%2Fhome", urllib.parse.urlencode(form).encode())
            found.append("jupyterhub-session-id" in {cookie.name for cookie in jar} and
                         "cleo" in browser.open(f"{url}/hub/home").read().decode())
        except urllib.error.HTTPError as error:
            found.append(error.code)
    return found


def pages(url):
    """What a newcomer sees in a browser, from the login to the first lesson; None without one."""
    if not CHROMIUM or not importlib.util.find_spec("playwright"):
        return None
    from playwright.sync_api import sync_playwright

    found, outside = {}, []
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]).new_page(
            viewport={"width": 700, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda asked: asked.url.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
                or outside.append(asked.url))
        page.goto(url)
        found["login"] = page.locator("body").inner_text()
        found["title"], found["sideways"] = page.title(), page.evaluate("document.documentElement.scrollWidth > innerWidth")
        for password in ("short", "long enough"):
            page.get_by_label("Username").fill("dora")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in").click()
            if password == "short":
                found["short"] = page.locator(".login_error").inner_text()
        page.get_by_role("heading", name="00 Start here").wait_for()
        found["address"] = page.url
        page.get_by_text(re.compile(r"Python 3 .*\| Idle$")).wait_for()
    return {**found, "outside": outside}


def test_a_newcomer_is_told_what_to_do_and_lands_in_the_first_lesson(seen):
    found = seen["pages"]
    if found is None:
        pytest.skip("Playwright or a Chromium is not installed on this machine")
    assert found["title"] == "segkit: semantic segmentation" and not found["sideways"]
    assert "Choose a name of small letters" in found["login"] and "7 characters or more" in found["login"]
    assert "at least 7 characters" in found["short"]  # the number that the page says beforehand
    assert found["address"].endswith("/user/dora/lab/tree/notebooks/00-start-here.ipynb")
    assert found["outside"] == []


def test_a_learner_gets_the_first_mask_in_a_folder_of_their_own(seen):
    assert "cat" in seen["mask"]
    here, home = seen["place"].split()
    assert Path(here).name == Path(home).name == "ada"


def test_a_learner_has_one_core_and_limited_memory(seen):
    assert seen["cores"].strip() == "1"
    assert "MemoryError" in seen["too much memory"]


def test_what_is_ones_own_is_given_and_what_is_anothers_is_refused_with_403(seen):
    own = {path: status for path, status in seen["ada"].items() if "%2F" not in path and path != "/hub/api/users"}
    assert set(own.values()) == {200}, own
    assert seen["ada"]["/user/ada/api/contents/..%2Fben"] == 404  # the way out of the folder leads nowhere
    others = {path: status for path, status in seen["ben"].items() if path.startswith("/user/ada")}
    assert len(others) == 5 and set(others.values()) == {403}, others
    assert seen["ben"]["/hub/api/users/ada"] == 404  # the hub does not even say that there is an ada
    assert seen["ben"]["/hub/api/users"] == seen["a stranger"]["/hub/api/users"] == 403
    assert set(seen["a stranger"].values()) == {403}
    assert seen["ben writes"][0] == 403


def test_each_has_a_copy_of_the_lessons_and_a_restart_keeps_the_work(seen):
    assert seen["written"][0] == 200
    assert seen["ben's own"][1]["content"] == (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8")
    assert seen["after a restart"][1]["content"] == "ada was here"


def test_the_first_login_sets_the_password_and_a_name_is_no_path(seen):
    assert seen["logins"][0] is True and seen["logins"][2] is True
    assert seen["logins"][1] == 403 and seen["logins"][3] == 403
