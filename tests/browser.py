"""A browser for tests of pages: Chromium without a window, driven by selenium."""

import os
import shutil
import tempfile
from contextlib import contextmanager

import pytest
from selenium import webdriver

REQUIRED = "REROLL_BROWSER"
"""With this in the environment, a missing browser fails tests instead of skipping them."""

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,800",
)


def programs():
    """The paths of the browser and of its driver; without them, the test is skipped."""
    found = [shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")]
    if None in found:
        reason = "pages are tested in a browser: install chromium and chromedriver (Debian: chromium-driver)"
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(reason)
    return found


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
