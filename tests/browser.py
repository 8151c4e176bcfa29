"""A headless Chromium for pages and mails, of Debian's chromium and chromium-driver; and where the npm tools lie.

Pages are asked for by address (tests/web/test_browser.py), mails are put in as text: `show`. One browser serves many of
them.
"""

import base64
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from selenium import webdriver
from werkzeug.serving import WSGIRequestHandler, make_server

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
IS_MISSING = not (CHROMIUM and DRIVER)
HOW_TO_GET = "no Chromium here; apt-get install chromium chromium-driver"
TOOLS = Path(__file__).parents[1] / ".tools/node_modules"
AXE = TOOLS / "axe-core/axe.min.js"
NO_AXE = "no axe-core here; ./run tools brings it"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--lang=en-GB"),
    "--hide-scrollbars",
)
HEIGHT = 900


@contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in FLAGS:
        options.add_argument(flag)
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield chrome
    finally:
        chrome.quit()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None: ...


@contextmanager
def served(site: Flask, browser: webdriver.Chrome) -> Iterator[str]:
    """The address of a site on loopback; at the end the browser looks elsewhere, and its connections are over."""
    server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        browser.get("about:blank")
        server.shutdown()
        thread.join()
        server.server_close()


def set_screen(browser: webdriver.Chrome, width: int, mode: str) -> None:
    """From now on the screen is so wide, and `mode` ("light", "dark") is what the reader likes."""
    size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": mode}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def show(browser: webdriver.Chrome, html: str) -> None:
    """The page with this text, in place of what was there."""
    frame = browser.execute_cdp_cmd("Page.getFrameTree", {})["frameTree"]["frame"]["id"]
    browser.execute_cdp_cmd("Page.setDocumentContent", {"frameId": frame, "html": html})


def picture(browser: webdriver.Chrome, width: int, height: int = 0) -> bytes:
    """PNG of the page's first `height` pixels; of the whole page, however high, if that is 0."""
    height = height or browser.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    options = {"format": "png", "captureBeyondViewport": True, "optimizeForSpeed": True, "clip": clip}
    taken: dict[str, Any] = browser.execute_cdp_cmd("Page.captureScreenshot", options)
    return base64.b64decode(taken["data"])


def overflow(browser: webdriver.Chrome) -> int:
    """By how many pixels the page is wider than its screen; 0 or less is fine."""
    return int(browser.execute_script("return document.scrollingElement.scrollWidth - innerWidth"))


def axe_problems(browser: webdriver.Chrome, *, but: Sequence[str] = ()) -> list[tuple[str, list[str]]]:
    """What axe-core finds on the page that is shown, by all rules but those: the rule, and what breaks it."""
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    options = {"rules": {rule: {"enabled": False} for rule in but}, "resultTypes": ["violations"]}  # of others: counts
    found = browser.execute_async_script("axe.run(arguments[0]).then(arguments[1])", options)
    assert found["passes"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


def brightness(browser: webdriver.Chrome, png: bytes) -> float:
    """Of a picture, from 0 (black) to 255; the browser reads it, on whatever page it shows."""
    script = """
        const [data, done] = arguments, image = new Image();
        image.onload = () => {
            const canvas = new OffscreenCanvas(image.width, image.height), drawn = canvas.getContext("2d");
            drawn.drawImage(image, 0, 0);
            const pixels = drawn.getImageData(0, 0, image.width, image.height).data;
            let sum = 0;
            for (let i = 0; i < pixels.length; i += 4) sum += pixels[i] + pixels[i + 1] + pixels[i + 2];
            done(sum / (pixels.length / 4 * 3));
        };
        image.src = "data:image/png;base64," + data;
    """
    return float(browser.execute_async_script(script, base64.b64encode(png).decode()))
