import gc
import os
import signal
import sys

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"  # plots open no window
settings.register_profile("default", derandomize=True, deadline=None, max_examples=10)
settings.register_profile("thorough", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("default")


def pytest_collection_finish():
    """What was collected stays to the end: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown():
    """No figure stays open."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_handled_as_usual():
    """A shell that starts tests in the background lets them ignore Ctrl-C, which some of them press."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests of pages: its start takes as long as ten of them."""
    from browser import started  # few tests need selenium

    with started() as running:
        yield running


@pytest.fixture
def browser(chromium):
    """The browser as it was at first, whatever the test before asked of it."""
    yield chromium
    chromium.switch_to.default_content()
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture
def show(browser, tmp_path):
    """Lets a page be written to a file and opens it; afterwards, nothing may have been complained of."""
    from browser import complaints

    def shown(write, address=""):
        path = tmp_path / "page.html"
        write(path)
        browser.get("about:blank")
        browser.get(path.as_uri() + address)
        return browser

    yield shown
    assert complaints(browser) == []
