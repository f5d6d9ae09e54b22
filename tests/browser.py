"""A browser for tests of pages: Chromium without a window, driven by selenium."""

import importlib.resources
import importlib.util
import os
import shutil
import tempfile
from contextlib import contextmanager

import pytest
from selenium import webdriver

REQUIRED = "REROLL_BROWSER"
"""With this in the environment, tests fail for want of a browser, or of what judges pages, instead of being skipped."""

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,800",
)


def programs():
    """The paths of the browser and of its driver; without them, the test is skipped."""
    found = [shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")]
    if None in found:
        missing("pages are tested in a browser: install chromium and chromedriver (Debian: chromium-driver)")
    return found


def missing(reason):
    """Skip the test for want of something, or let it fail where it has to be there."""
    (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(reason)


@contextmanager
def started():
    """A browser with an empty profile."""
    browser, driver = programs()
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        running = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield running
        finally:
            running.quit()


def prefer(browser, scheme):
    """Let the browser say that its user prefers "light" or "dark"."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def resize(browser, width, height=800):
    """Let the page be seen on a screen of this size until the test ends; a narrow one is that of a telephone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def complaints(browser):
    """What pages have complained of on the console since the last call."""
    return [entry["message"] for entry in browser.get_log("browser")]


def drag(browser, name, number):
    """Move a slider there, as a mouse does."""
    browser.execute_async_script(
        """
        const [name, number, done] = arguments;
        const slider = [...document.querySelectorAll(".leaf input[type=range]")].find(x => x.ariaLabel === name);
        slider.value = number;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        requestAnimationFrame(() => requestAnimationFrame(done));
        """,
        name, number,
    )


def axe():
    """The path of the script that judges whether a page is accessible; without it, the test is skipped."""
    package = importlib.util.find_spec("selenium_axe_python")
    if package is None:
        missing("pages are judged by axe-core: install selenium-axe-python (extra test)")
    return importlib.resources.files("selenium_axe_python").joinpath("axe-core", "axe.min.js")
