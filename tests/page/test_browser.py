"""The page in a real browser, as people use it: from the server, and as a file that was taken along."""

import itertools
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kaggle_digits import export

BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None, reason="no browser: apt-get install chromium chromium-driver"
)

ZERO = [(0.5 + 0.18 * math.sin(turn), 0.5 - 0.35 * math.cos(turn)) for turn in np.linspace(0, 2 * math.pi, 13)]
THREE = [(0.08, 0.2), (0.26, 0.2), (0.16, 0.45), (0.28, 0.6), (0.22, 0.8), (0.08, 0.78)]
SETTLED = "document.querySelector('.answer').getAttribute('aria-busy') !== 'true'"


@pytest.fixture(scope="module")
def driver():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    opened.set_page_load_timeout(60)
    opened.set_script_timeout(60)
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def addresses(digit_server, network, tmp_path_factory):
    file = export.export(network, tmp_path_factory.mktemp("page") / "digits.html").path
    return {"served": digit_server.address, "exported": file.as_uri()}


class Page:
    """The page as a person meets it."""

    def __init__(self, driver, address):
        self.driver = driver
        self.send("Emulation.setTouchEmulationEnabled", enabled=False)
        self.send("Emulation.setDeviceMetricsOverride", width=1100, height=800, deviceScaleFactor=1, mobile=False)
        driver.get(address)
        self.until("document.body.dataset.ready !== undefined")

    def send(self, command, **words):
        return self.driver.execute_cdp_cmd(command, words)

    def ask(self, script, *words):
        return self.driver.execute_script(f"return {script}", *words)

    def until(self, script):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, 60, 0.05).until(lambda _: self.ask(script))

    def find(self, name):
        return self.driver.find_element("id", name)

    def places(self, points):
        area = self.ask("(({left, top, width, height}) => [left, top, width, height])(pad.getBoundingClientRect())")
        left, top, width, height = area
        return [(left + x * width, top + y * height) for x, y in points]

    def draw(self, points, kind="mouse"):
        """A stroke by mouse or pen, with the events that a hand would make."""
        places = self.places(points)
        self.pointer("mousePressed", places[0], kind)
        for (x, y), (next_x, next_y) in itertools.pairwise(places):
            for share in np.linspace(0.2, 1, 5):
                self.pointer("mouseMoved", (x + share * (next_x - x), y + share * (next_y - y)), kind)
        self.pointer("mouseReleased", places[-1], kind)

    def pointer(self, event, place, kind):
        button = {"button": "left", "buttons": 1, "clickCount": 1, "pointerType": kind}
        self.send("Input.dispatchMouseEvent", type=event, x=place[0], y=place[1], **button)

    def touch(self, points):
        places = [{"x": x, "y": y} for x, y in self.places(points)]
        self.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=places[:1])
        for place in places[1:]:
            self.send("Input.dispatchTouchEvent", type="touchMove", touchPoints=[place])
        self.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver, duration=0).send_keys(key).perform()

    def press_on(self, selector):
        self.driver.find_element("css selector", selector).click()

    def label(self, expected):
        """Waits until the last answer is so, and gives how sure the page then is.

        While one draws, it answers what is there so far, which may well have the same label.
        """
        from selenium.common.exceptions import TimeoutException

        try:
            self.until(f"{SETTLED} && document.getElementById('label').textContent === {expected!r}")
        except TimeoutException:
            assert self.find("label").text == expected
        return self.find("sure").text

    @property
    def bars(self):
        return self.ask(
            "[...document.querySelectorAll('#bars i')].map((bar) => +bar.style.getPropertyValue('--share'))"
        )

    def complaints(self):
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


@pytest.fixture(params=["served", "exported"])
def page(request, driver, addresses):
    opened = Page(driver, addresses[request.param])
    yield opened
    assert opened.complaints() == []  # nothing was blocked by the page's own policy, and no script failed


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Dark digits on grey paper: 0 and 3."""
    image = Image.new("RGB", (400, 240), "#b8b4ac")
    ImageDraw.Draw(image).ellipse((60, 50, 150, 190), outline="#203060", width=14)
    three = [(x * 400 + 200, y * 240) for x, y in THREE]
    ImageDraw.Draw(image).line(three, fill="#203060", width=14, joint="curve")
    path = tmp_path_factory.mktemp("picture") / "one.png"
    image.save(path)
    return path


@pytest.fixture(scope="module")
def sum_of_digits(tmp_path_factory):
    """Blue ink on white paper: 3 - 0."""
    image = Image.new("RGB", (500, 240), "white")
    pen = ImageDraw.Draw(image)
    pen.line([(x * 400, y * 240) for x, y in THREE], fill="#203060", width=14, joint="curve")
    pen.line([(190, 120), (240, 120)], fill="#203060", width=14)
    pen.ellipse((330, 50, 420, 190), outline="#203060", width=14)
    path = tmp_path_factory.mktemp("picture") / "sum.png"
    image.save(path)
    return path


def test_it_begins_empty(page):
    assert page.find("label").text == "Nothing written yet"
    assert page.ask("document.title") == "Write a number"
    assert len(page.bars) == 10
    assert not page.find("undo").is_enabled()
    assert not page.find("clear").is_enabled()


def test_drawing_with_a_mouse(page):
    page.draw(ZERO)
    sure = page.label("0")
    assert sure.endswith("sure")
    assert page.bars[0] == max(page.bars) > 0.5
    assert sum(page.bars) == pytest.approx(1, abs=1e-3)
    seen = page.ask("seen.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, at) => at % 4 === 0)")
    rows = np.array(list(seen.values()) if isinstance(seen, dict) else seen).reshape(28, 28)
    assert max(np.ptp(np.flatnonzero(rows.any(axis=axis))) + 1 for axis in (0, 1)) == 20


def test_bars_move_while_one_draws(page):
    places = page.places(ZERO)
    page.pointer("mousePressed", places[0], "mouse")
    for place in places[1:]:
        page.pointer("mouseMoved", place, "mouse")
    page.until("document.querySelector('#bars .likeliest')")
    page.pointer("mouseReleased", places[-1], "mouse")
    page.label("0")


def test_several_digits(page):
    page.draw(THREE)
    page.draw(ZERO, kind="pen")
    page.label("30")
    page.until("document.querySelectorAll('#digits button')[1].getAttribute('aria-pressed') === 'true'")
    page.ask("document.querySelector('#digits button').click()")
    page.until("document.querySelector('#digits button').getAttribute('aria-pressed') === 'true'")
    assert page.bars[3] == max(page.bars)


def test_undo_and_clear(page):
    page.draw(THREE)
    page.label("3")
    page.draw(ZERO)
    page.label("30")
    page.find("undo").click()
    page.label("3")
    page.find("clear").click()
    page.label("Nothing written yet")
    page.find("undo").click()  # a drawing that was cleared by mistake comes back
    page.label("3")


def test_drawing_with_a_finger(page):
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    page.send("Emulation.setTouchEmulationEnabled", enabled=True)
    page.touch(ZERO)
    page.label("0")
    assert page.ask("scrollY") == 0
    assert page.ask("document.documentElement.scrollWidth") <= 390


def test_drawing_with_a_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    page.ask("pad.focus()")
    page.press(*[Keys.ARROW_UP] * 10, Keys.SPACE, *[Keys.ARROW_DOWN] * 20, Keys.SPACE)
    page.until("document.querySelector('#bars .likeliest')")
    page.until("document.getElementById('status').textContent.includes('% sure')")  # and a screen reader says it
    page.press(Keys.DELETE)
    page.label("Nothing written yet")
    assert page.ask("document.activeElement.id") == "pad"
    for name in ("undo", "thickness", "choose"):  # an empty drawing cannot be cleared
        page.press(Keys.TAB)
        page.until(f"document.activeElement.id === '{name}'")


def test_undo_by_keyboard(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.draw(ZERO)
    page.label("0")
    ActionChains(page.driver, duration=0).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    page.label("Nothing written yet")


def test_an_image_from_a_file(page, picture):
    page.find("file").send_keys(str(picture))
    page.label("03")
    page.find("undo").click()
    page.label("Nothing written yet")


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_an_image_pasted_or_dropped(page, picture, way):
    content = np.frombuffer(picture.read_bytes(), np.uint8).tolist()
    page.driver.execute_script(
        """
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(arguments[0])], "a.png", { type: "image/png" }));
        const event = arguments[1] === "paste"
          ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
          : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
        document.querySelector(".paper").dispatchEvent(event);
        """,
        content,
        way,
    )
    page.label("03")


def test_drawing_over_an_image(page, picture):
    page.find("file").send_keys(str(picture))
    page.label("03")
    page.draw([(0.88, 0.3), (0.96, 0.3), (0.9, 0.75)])
    page.until("document.querySelectorAll('#digits button').length === 3")
    page.find("undo").click()
    page.label("03")
    page.find("undo").click()
    page.label("Nothing written yet")


def test_the_pen_can_be_thicker(page):
    def inked(edge):
        """How much of the paper a zero takes."""
        page.driver.execute_script(
            "thickness.value = thickness[arguments[0]]; thickness.dispatchEvent(new Event('input'));", edge
        )
        page.draw(ZERO)
        page.label("0")
        count = page.driver.execute_script(
            """
            const copy = Object.assign(document.createElement("canvas"), { width: pad.width, height: pad.height });
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(pad, 0, 0);
            const { data } = context.getImageData(0, 0, copy.width, copy.height);
            return data.filter((value, at) => at % 4 === 3 && value > 99).length;
            """
        )
        page.find("undo").click()
        return count

    assert inked("max") > 2 * inked("min")


def test_what_the_network_sees_can_be_larger(page):
    before = page.ask("seen.clientWidth")
    page.find("enlarge").click()
    assert page.ask("seen.clientWidth") > 2 * before
    page.find("enlarge").click()
    assert page.ask("seen.clientWidth") == before


def test_the_answer_is_copied(page):
    assert not page.find("copy").is_displayed()
    page.draw(ZERO)
    page.label("0")
    # As where the browser keeps its clipboard to itself.
    page.driver.execute_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });"
        "DataTransfer.prototype.setData = (_, text) => { window.copied = text; };"
    )
    page.find("copy").click()
    page.until("window.copied === '0' && document.getElementById('copy').textContent === 'Copied'")


def test_what_was_misread_is_corrected(page, digit_server):
    page.draw(THREE)
    page.label("3")
    if page.ask("location.protocol") == "file:":
        assert not page.find("right").is_displayed()
        return
    page.find("right").send_keys("8")
    page.until("document.getElementById('kept').textContent === 'Kept as 8.'")
    kept = digit_server.folder / "corrections"
    assert list((kept / "8").glob("*.png"))
    shutil.rmtree(kept)  # or answers adapt to them


HOLD = """
    window.read ??= reader.read;
    window.held = [];
    reader.read = (...asked) => new Promise((go) => held.push(go)).then(() => read(...asked));
"""  # what is asked from here on waits


def let_go(page):
    page.driver.execute_script("reader.read = read; held.forEach((go) => go());")


def test_an_image_is_being_read_where_the_answer_to_another_was(page, picture, sum_of_digits):
    page.find("file").send_keys(str(picture))
    page.label("03")
    page.driver.execute_script(HOLD)
    page.find("file").send_keys(str(sum_of_digits))
    page.until("label.textContent === 'Reading ...' && held.length === 1")
    assert not page.find("copy").is_displayed()
    assert page.ask("digits.hidden && !sure.textContent && !document.querySelector('#bars .likeliest')")
    page.until("document.getElementById('status').textContent === 'Reading ...'")
    let_go(page)
    page.label("3 0")
    assert page.find("copy").is_displayed()


@pytest.mark.parametrize("way", ["undo", "clear", "file"])
def test_an_answer_on_its_way_is_not_of_the_picture_that_came_meanwhile(page, picture, sum_of_digits, way):
    page.driver.execute_script(HOLD)
    page.find("file").send_keys(str(picture))
    page.until("held.length === 1")
    if way == "file":
        page.find(way).send_keys(str(sum_of_digits))
        page.until(
            "undo.disabled === false && pad.getContext('2d').getImageData(5, pad.height / 2, 1, 1).data[0] === 255"
        )
    else:
        page.find(way).click()
    page.driver.execute_script(
        "window.said = [];new MutationObserver(() => said.push(label.textContent)).observe(label, { childList: true });"
    )
    if way != "file":  # a screen reader is told later than when eyes are told that it takes its time
        page.until("document.getElementById('status').textContent === 'The drawing area is empty.'")
    let_go(page)
    page.label("3 0" if way == "file" else "Nothing written yet")
    assert "03" not in page.ask("said")


def test_a_drawing_that_takes_its_time_is_dimmed(page):
    page.driver.execute_script(HOLD)
    page.draw(THREE)
    page.until("label.textContent === 'Reading ...'")
    let_go(page)
    page.label("3")
    page.driver.execute_script(HOLD)
    page.draw(ZERO)
    page.until("document.querySelector('.answer').matches('[data-late]')")
    assert page.find("label").text == "3"
    page.until("getComputedStyle(document.querySelector('.said')).opacity < 0.5")
    assert not page.find("copy").is_displayed()
    let_go(page)
    page.label("30")
    page.until("getComputedStyle(document.querySelector('.said')).opacity === '1'")
    assert page.find("copy").is_displayed()


GREY_PIXELS = """
    [...(({ data }) => data)(pad.getContext("2d").getImageData(0, 0, pad.width, pad.height))].filter((red, at, all) =>
      at % 4 === 0 && red > 110 && red < 190 && Math.abs(red - all[at + 2]) < 22 && all[at + 3] > 200).length
"""  # the ink and the frames of digits have colours


def test_what_was_left_out_is_seen_and_corrected(page, sum_of_digits, digit_server):
    page.find("file").send_keys(str(sum_of_digits))
    page.label("3 0")
    assert "sure (left out: 1 mark" in page.find("sure").text
    page.until(f"({GREY_PIXELS}) > 40")
    names = (
        "[...document.querySelectorAll('#digits button')].map((chip) => chip.getAttribute('aria-label').split(':')[0])"
    )
    if page.ask("location.protocol") == "file:":  # where no corrections are kept
        assert page.ask(names) == ["Digit 1", "Digit 2"]
        return
    assert page.ask(names) == ["Digit 1", "Left out, after digit 1", "Digit 2"]
    page.press_on("#digits .mark")
    page.until("document.activeElement.matches('#digits .mark[aria-pressed=true]')")
    assert page.find("wrong").text.startswith("A digit? It is a")
    assert page.ask("seen.getAttribute('aria-label')") == "What the network sees: no digit"
    page.find("right").send_keys("1")
    page.until("document.getElementById('kept').textContent === 'Kept as 1.'")
    kept = digit_server.folder / "corrections"
    assert list((kept / "1").glob("*.png"))
    shutil.rmtree(kept)


def test_a_digit_in_a_word_is_not_believed(page, tmp_path):
    image = Image.new("RGB", (500, 240), "white")
    pen = ImageDraw.Draw(image)
    for left in (60, 330):
        for line in ([(left, 60), (left, 180)], [(left + 70, 60), (left + 70, 180)], [(left, 120), (left + 70, 120)]):
            pen.line(line, fill="#203060", width=14)
    pen.ellipse((200, 60, 270, 180), outline="#203060", width=14)
    image.save(tmp_path / "word.png")
    page.find("file").send_keys(str(tmp_path / "word.png"))
    page.until("label.matches('.unsure')")
    assert page.find("sure").text == ""
    assert page.bars[0] == max(page.bars) > 0.5  # pale
    assert page.ask("document.querySelector('#bars .likeliest').lastChild.textContent") == "0.0 %"
    chip = "document.querySelector('#digits .unsure[aria-pressed=true]')"
    assert page.ask(f"digits.hidden || {chip}.textContent === '0?'")


def test_the_list_of_a_whole_page_of_digits_scrolls_to_the_last(page, tmp_path):
    image = Image.new("RGB", (900, 600), "white")
    pen = ImageDraw.Draw(image)
    for left, top in itertools.product(range(40, 860, 70), range(40, 560, 110)):
        pen.ellipse((left, top, left + 34, top + 62), outline="#203060", width=7)
    image.save(tmp_path / "page.png")
    page.find("file").send_keys(str(tmp_path / "page.png"))
    page.until(f"{SETTLED} && document.querySelectorAll('#digits button').length === 60")
    assert page.ask("digits.clientHeight < innerHeight / 2")
    last = "document.querySelector('#digits button:last-child[aria-pressed=true]')"
    assert page.ask(f"{last}.getBoundingClientRect().bottom <= digits.getBoundingClientRect().bottom")


def test_a_phone_on_its_side(page):
    """The drawing area leaves room to scroll the page by."""
    page.send("Emulation.setDeviceMetricsOverride", width=844, height=390, deviceScaleFactor=1, mobile=True)
    page.until("pad.clientHeight <= 0.6 * innerHeight + 1")
    assert page.ask("document.documentElement.scrollWidth") == 844


def test_a_file_that_is_no_image(page, picture, tmp_path):
    page.find("file").send_keys(str(picture))
    page.label("03")
    (tmp_path / "notes.png").write_text("no image")
    page.find("file").send_keys(str(tmp_path / "notes.png"))
    page.label("notes.png is no image that can be read. PNG, JPEG, WebP, GIF and BMP can.")
    assert page.ask("document.querySelectorAll('#digits button').length") == 0  # nor does the picture before stay
    page.draw(ZERO)
    page.label("0")


def test_blank_paper_has_no_digit(page, tmp_path):
    Image.new("RGB", (300, 200), "white").save(tmp_path / "blank.png")
    page.find("file").send_keys(str(tmp_path / "blank.png"))
    page.label("no digit found")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(page, scheme):
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.draw(ZERO)
    page.label("0")
    ink, desk, quiet = (luminance(page.ask(f"getComputedStyle({each}")) for each in COLOURS)
    page.send("Emulation.setEmulatedMedia", features=[])
    assert (ink < desk) == (scheme == "light")
    # WCAG 2.2 asks for 4.5.
    assert min(contrast(ink, desk), contrast(quiet, desk)) >= 4.5


COLOURS = (
    "document.getElementById('label')).color",
    "document.documentElement).backgroundColor",
    "document.getElementById('about')).color",
)


def luminance(colour):
    """Of `rgb(r, g, b)`, relative, by WCAG 2.2."""
    shares = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_everything_has_a_name(page):
    """What a screen reader calls each control and picture."""
    page.draw(THREE)
    page.draw(ZERO)
    page.label("30")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    kinds = {"button", "image", "application", "list", "group", "toolbar", "region", "heading"}
    shown = [node for node in nodes if not node["ignored"] and node["role"]["value"] in kinds]
    assert {node["role"]["value"] for node in shown} >= {"button", "image", "heading", "list"}
    assert [node for node in shown if not node.get("name", {}).get("value")] == []


def test_the_exported_file_is_one(addresses):
    folder = Path(addresses["exported"].removeprefix("file://")).parent
    assert [path.name for path in folder.iterdir()] == ["digits.html"]
