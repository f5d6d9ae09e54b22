import doctest
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from autograd import ops
from viz.pictures import __main__ as pictures

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
LISTING = r"^```{}\n(.*?)^```$"


def listings(language, pages=PAGES):
    """The fenced blocks of a language, each with its page and the number of its first line."""
    for page in pages:
        for match in re.finditer(LISTING.format(language), PAGES[page], re.MULTILINE | re.DOTALL):
            yield page, PAGES[page][: match.start(1)].count("\n"), match[1]


def after_examples(page):
    """The names that the examples of a page leave behind, after each printed what it shows."""
    names = {}
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    for _, line, text in listings("pycon", [page]):
        example = doctest.DocTestParser().get_doctest(text, names, page, page, line)
        report = []
        doctest.DocTestRunner(optionflags=flags).run(example, out=report.append, clear_globs=False)
        assert not report, "".join(report)
        names = example.globs
    return names


@pytest.fixture(scope="module")
def how():
    """The names that the examples of docs/how.md leave behind."""
    return after_examples("docs/how.md")


@pytest.mark.parametrize("page", sorted({page for page, *_ in listings("pycon")} - {"docs/how.md"}))
def test_the_examples_print_what_is_shown(page):
    assert after_examples(page)


def test_the_program_shown_is_the_one_compiled(how):
    [shown] = [text for *_, text in listings("python") if "def value_and_grad" in text]
    assert shown.strip() == how["program"].source.strip()


def test_the_program_shown_runs_on_its_own(how):
    [shown] = [text for *_, text in listings("python") if "def value_and_grad" in text]
    names = {}
    exec(shown, names)
    value, gradient = names["value_and_grad"](how["theta"], how["X"], how["Y"])
    assert value == pytest.approx(float(how["value"]), rel=1e-12)
    np.testing.assert_allclose(gradient, how["gradient"], rtol=1e-9, atol=1e-15)


def test_the_operation_shown_is_a_whole_row():
    [row] = [text for *_, text in listings("python") if "Op(" in text]
    names = {"Op": ops.Op, "math": math}
    exec(row, names)
    atan = names["atan"]
    assert atan(1.0) == math.pi / 4
    [slope] = atan.partials(atan(0.5), (0.5,))
    assert slope == pytest.approx((math.atan(0.5 + 1e-6) - math.atan(0.5 - 1e-6)) / 2e-6, rel=1e-9)


def test_two_commands_are_shown_of_a_line_each():
    commands = [text.splitlines() for *_, text in listings("sh", ["README.md"])]
    assert [len(lines) for lines in commands] == [1, 1]
    install, tests = commands[0][0], commands[1][0]
    assert install.startswith("python3 -m venv .venv && ")
    assert 'python -m viz "(x + y) * z" x=-2 y=5 z=-4' in install
    assert "python -m nn xor" in install
    assert "python -m pytest" in tests


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_continuous_integration_runs_the_commands_that_are_shown():
    printed = subprocess.run(["bash", ROOT / ".ci/run", "--commands"], capture_output=True, text=True, check=True)
    assert printed.stdout == "".join(text for *_, text in listings("sh", ["README.md"]))


def test_links_and_pictures_lead_to_files():
    readme = PAGES["README.md"]  # links of the others are checked when the site is made
    linked = re.findall(r"\]\(([^)]+)\)", readme) + re.findall(r'(?:src|srcset)="([^"]+)"', readme)
    local = [target for target in linked if not target.startswith("https://")]
    assert any(target.endswith(".svg") for target in local)
    assert [target for target in local if not (ROOT / target.partition("#")[0]).is_file()] == []


def words(picture):
    """All text of an SVG file, whoever laid it out."""
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", picture.read_text(encoding="utf-8")))


def test_the_pictures_are_as_they_would_be_drawn_now(tmp_path):
    drawn = {picture.name: words(picture) for picture in pictures.main(tmp_path)}
    assert {picture.name: words(picture) for picture in (ROOT / "viz/pictures").glob("*.svg")} == drawn


def test_files_named_under_where_to_look_are_there():
    [tree] = [text for *_, text in listings("text") if "ops.py" in text]
    places = []
    for line in tree.splitlines():
        first, description = line.split(maxsplit=1)
        folder = first.rpartition("/")[0]
        places += [first, *(f"{folder}/{name}" for name in re.findall(r"\w+\.py", description))]
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_the_number_of_operations_is_that_of_the_table():
    [stated] = re.findall(r"(\d+) operations, each declared once", PAGES["docs/about.md"])
    assert int(stated) == sum(op.recorded for op in ops.TABLE.values())
