"""The whole site, built and read in a real browser that reaches this machine alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from course_lib.explain import Explorable
from course_tools import browser, notebooks, slides, translations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

if browser.chromium() is None:
    pytest.skip("no Chromium: see docs/maintenance.md", allow_module_level=True)
if shutil.which("npm") is None:
    pytest.skip("no npm: see docs/slides.md", allow_module_level=True)
for module, extra in (("playwright", "browser"), ("myst_nb", "site")):
    pytest.importorskip(module, reason=f"the extra {extra} is not installed: make {extra}")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
MOST = 3_000_000  # bytes that a lesson loads, pictures apart
LESSONS = [path.stem for path in notebooks.find() if path.parent.name != "deeper"]
LIVE = {
    "01_one_hot_vs_dense": "dense",
    "02_cbow": "window",
    "03_skip_gram": "window",
    "04_negative_sampling": "pull",
    "05_glove": "counts",
    "06_fasttext": "pieces",
    "09_embedding_explorer": "map",
    "11_bilm": "lstm",
    "12_elmo": "mix",
}
# Brings everything that waits into view, opens what is folded, and waits for formulas.
UNFOLD = """async () => {
  for (const place of document.querySelectorAll(".explorable-here")) {
    place.scrollIntoView();
    while (!place.dataset.mounted) await new Promise((go) => setTimeout(go, 20));
  }
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  document.querySelectorAll(".cover button").forEach((one) => one.click());
  scrollTo(0, 0);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from course_tools.site.__main__ import build

    folder = tmp_path_factory.mktemp("site")
    assert build(folder / "site", folder / "work") == 0  # a link that leads nowhere stops it
    return folder / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with browser.served(site) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launched() as running:
        yield running


Open = Callable[..., tuple["Page", list[str]]]


@pytest.fixture
def visit(address: str, chromium: Browser) -> Iterator[Open]:
    """Open a page of the site; what it loads is listed, and nothing goes wrong meanwhile."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(name: str, width: int = 1280, scheme: Any = "light") -> tuple[Page, list[str]]:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(0)  # however busy the machine is
        asked: list[str] = []

        def watch(route: Route) -> None:
            asked.append(route.request.url)
            if route.request.url.startswith(f"{address}/"):
                route.continue_()
            else:
                wrong.append(f"leaves the site: {route.request.url}")
                route.abort()

        context.route("**/*", watch)
        # A picture that was on its way when the next page was asked for is no failure.
        context.on(
            "requestfailed",
            lambda one: "ERR_ABORTED" not in (one.failure or "") and wrong.append(one.url),
        )
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("console", lambda m: m.type == "error" and wrong.append(m.text))
        contexts.append(context)
        tab = context.new_page()
        tab.goto(f"{address}/{name}")
        return tab, asked

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


class References(HTMLParser):
    """Collects what a page refers to, and the places in it that can be referred to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = {""}
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places |= {given.get("id") or "", given.get("name") or ""}
        for name in ("href", "src"):
            if given.get(name) and not (tag == "link" and given.get("rel") == "canonical"):
                self.targets.append(given[name] or "")


def test_every_link_and_every_picture_is_there(site: Path) -> None:
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    read = {path: References(path) for path in pages}
    missing = []
    for path, found in read.items():
        for target in found.targets:
            split = urlsplit(target)
            if split.scheme or target.startswith("//"):
                continue
            place = unquote(split.path)
            to = site / place[1:] if place[:1] == "/" else path.parent / place if place else path
            to = to.resolve()
            there = read[to].places if to in read else {unquote(split.fragment)}
            if not to.is_file() or unquote(split.fragment) not in there:
                missing.append((path.name, target))
    assert missing == []
    assert len(pages) > len(notebooks.find()) + 15
    assert {f"{name}.html" for name in LESSONS} <= {path.name for path in pages}


def test_the_missing_page_finds_its_style_from_any_address(address: str, chromium: Browser) -> None:
    with chromium.new_context() as context:
        failed: list[str] = []
        context.on("response", lambda one: one.status == 404 and failed.append(one.url))
        tab = context.new_page()
        tab.goto(f"{address}/no/such/page.html")
        assert tab.locator("h1").first.inner_text().startswith("There is no such page")
        assert failed == [f"{address}/no/such/page.html"]  # styles, scripts and pictures are there
        tab.get_by_role("link", name="The short route").first.click()
        tab.wait_for_url(f"{address}/short_route.html")


def test_each_page_has_a_card_for_links_to_it(site: Path) -> None:
    for name in LESSONS:
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        for field in ("title", "description", "image"):
            assert f'property="og:{field}"' in text, (name, field)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_all(site: Path, address: str, visit: Open, scheme: str) -> None:
    axe = (slides.fetch() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    pages = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    found = []
    tab, _ = visit("index.html", scheme=scheme)
    for path in pages:
        tab.goto(f"{address}/{path.relative_to(site).as_posix()}")
        assert tab.evaluate("document.documentElement.dataset.theme") == scheme
        tab.evaluate(UNFOLD)
        tab.evaluate(axe)
        options = {"runOnly": RULES, "resultTypes": ["violations"]}
        result = tab.evaluate("(options) => axe.run(document, options)", options)
        assert len(result["passes"]) > 10
        for broken in result["violations"]:
            found += [(path.name, broken["id"], node["html"][:200]) for node in broken["nodes"]]
    assert found == []


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_light(site: Path, visit: Open, name: str) -> None:
    tab, asked = visit(f"{name}.html")
    tab.evaluate(UNFOLD)
    files = {site / unquote(urlsplit(url).path).lstrip("/") for url in asked}
    assert tab.locator(".math .katex").count() == tab.locator(".math").count()
    assert tab.locator(".katex-error").count() == 0
    weight = sum(file.stat().st_size for file in files if "figures" not in file.parts)
    assert weight <= MOST, f"{weight / 1e6:.1f} MB"


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_fits_a_narrow_screen(visit: Open, name: str) -> None:
    tab, _ = visit(f"{name}.html", width=360)
    tab.evaluate(UNFOLD)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", LIVE)
def test_an_explorable_works_in_its_page(visit: Open, name: str) -> None:
    tab, _ = visit(f"{name}.html")
    tab.evaluate(UNFOLD)
    place = tab.locator(f".explorable-here[data-name={LIVE[name]}]").first
    given = place.locator("script").evaluate("(one) => JSON.parse(one.textContent)")
    shown = place.locator(".explorable").evaluate("(one) => one.explorable.state")
    for key, value in Explorable(LIVE[name], **given).state.items():
        if key in shown and not isinstance(value, list | dict):
            assert shown[key] == value, key
    said = place.locator(".said")
    before = said.inner_text()
    # The first thing that changes what is shown: a button, a slider or a field.
    for control in place.locator("button, input").all():
        if control.inner_text() == "Reset":
            continue
        kind = control.get_attribute("type")
        control.focus()
        if kind == "text":
            control.fill("the bank")
        elif kind in ("range", "number"):
            tab.keyboard.press("ArrowRight")
        else:
            tab.keyboard.press("Enter")
        if said.inner_text() != before:
            break
    assert said.inner_text() != before
    place.get_by_role("button", name="Reset").press("Enter")
    assert said.inner_text() == before


def test_all_explorables_stand_on_one_page(visit: Open) -> None:
    tab, _ = visit("explorables.html")
    tab.evaluate(UNFOLD)
    names = tab.locator(".explorable-here").evaluate_all("(all) => all.map((e) => e.dataset.name)")
    assert sorted(names) == sorted(set(LIVE.values()))
    assert tab.locator(".explorable").count() == len(names)


def test_a_question_is_answered_before_its_result_is_shown(visit: Open) -> None:
    tab, _ = visit("02_cbow.html")
    asked = tab.locator('.prediction[data-name="02.p1"]')
    result = tab.locator('.revealed[data-name="02.p1"]')
    assert not result.is_visible()
    asked.locator("input").fill("5")
    asked.get_by_role("button").press("Enter")
    assert result.inner_text() == "your guess: 5 · result: 7"
    assert "noted: 5" in asked.inner_text()
    tab.reload()
    assert result.inner_text() == "your guess: 5 · result: 7"


def test_a_result_can_be_had_without_a_guess(visit: Open) -> None:
    tab, _ = visit("04_negative_sampling.html")
    result = tab.locator('.revealed[data-name="04.p1"]')
    cell = result.locator("xpath=ancestor::div[contains(@class, 'cell ')][1]")
    cell.get_by_role("button", name="Show the result").press("Enter")
    assert result.inner_text() == "no guess · result: infinity"
    asked = tab.locator('.prediction[data-name="04.p1"]')
    asked.get_by_role("button", name="40", exact=True).press("Enter")
    assert result.inner_text() == "your guess: 40 · result: infinity"


def test_a_page_without_scripts_shows_everything(address: str, chromium: Browser) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(f"{address}/02_cbow.html")
        assert tab.locator('.revealed[data-name="02.p1"]').inner_text() == "result: 7"
        assert tab.locator(".explorable-here img").first.is_visible()


def test_on_paper_the_results_are_there(visit: Open) -> None:
    tab, _ = visit("02_cbow.html")
    assert tab.locator(".covered").count()
    tab.emulate_media(media="print")
    shown = "(all) => all.every((one) => one.checkVisibility())"
    assert tab.locator(".covered").evaluate_all(shown)
    assert not tab.locator(".cover").first.is_visible()


def test_the_search_finds_a_word_in_its_lesson(visit: Open) -> None:
    tab, _ = visit("search.html?q=AdaGrad")
    tab.locator("ul.search li").first.wait_for()
    found = tab.locator("ul.search li a").evaluate_all("(all) => all.map((a) => a.href)")
    assert any("05_glove.html" in address for address in found)
    covered = """() => { const form = document.querySelector("main form.bd-search");
      const field = form.querySelector("input");
      const [{ right }, { left }] = [form.querySelector("i"), field].map((one) =>
        one.getBoundingClientRect());
      return right - left - parseFloat(getComputedStyle(field).paddingLeft); }"""
    assert tab.evaluate(covered) <= 0  # the glass lies on no letter of what was typed


@pytest.mark.parametrize("language", translations.languages())
def test_languages_lead_to_each_other(address: str, visit: Open, language: str) -> None:
    done = [
        path.relative_to(translations.FOLDER / language).with_suffix(".html").as_posix()
        for path in (translations.FOLDER / language).rglob("*.po")
    ]
    assert done
    for name in done:
        tab, _ = visit(name)
        tab.locator(f".course-links a[lang={language}]").click()
        tab.wait_for_url(f"{address}/{language}/{name}")
        assert tab.locator("html").get_attribute("lang") == language
        title = tab.locator("h1").first.inner_text()
        tab.locator(".course-links a[lang=en]").click()
        tab.wait_for_url(f"{address}/{name}")
        assert tab.locator("h1").first.inner_text() != title


def test_a_copy_to_work_on_can_be_had(visit: Open) -> None:
    tab, _ = visit("02_cbow.html")
    with tab.expect_download() as waiting:
        tab.locator(".course-links a[download]").click()
    copy = notebooks.read(Path(waiting.value.path()))
    assert "### BEGIN SOLUTION" not in notebooks.text_of(copy)
