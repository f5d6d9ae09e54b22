"""The playground as text; test_playground_browser.py opens it."""

import math
import re

import pytest

import viz
from autograd import UsageError, ops
from viz.__main__ import main
from viz.pages.playground import EXAMPLES
from viz.pages.words import WORDS
from viz.text.tokens import rows


def test_the_page_is_one_file_that_asks_for_nothing(tmp_path):
    page = viz.playground(tmp_path / "play.html")
    assert (tmp_path / "play.html").read_text(encoding="utf-8") == page
    known = {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "https://github.com/dagrejs/dagre,"}
    assert set(re.findall(r"https?://[^\"'\s]*", page)) <= known
    assert not re.search(r"<link|@import|url\((?!data:)| src=|fetch\(|XMLHttpRequest|\beval\(|new Function", page)
    assert len(page.encode()) < 240_000


def test_the_library_that_lays_out_comes_with_its_version_and_licence():
    page = viz.playground()
    assert "dagre 3.1.3" in page
    assert "Permission is hereby granted, free of charge" in page


def test_title_theme_and_language_are_as_for_other_pages():
    page = viz.playground(title="<Try>", theme="dark", language="de")
    assert "<title>&lt;Try&gt;</title>" in page
    assert "color-scheme: dark" in page
    assert WORDS["de"]["hide_gradients"] in page
    with pytest.raises(UsageError, match="language is one of"):
        viz.playground(language="xx")


@pytest.mark.parametrize(("name", "text", "numbers"), EXAMPLES, ids=[name for name, *_ in EXAMPLES])
def test_an_example_is_an_expression_whose_names_all_have_numbers(name, text, numbers):
    assert math.isfinite(viz.parse(text, **numbers).data)
    assert name in WORDS["en"] or "=" in name


def test_scripts_know_every_row_that_can_be_typed():
    assert list(rows()) == [name for name, op in ops.TABLE.items() if op.recorded]


def test_the_command_writes_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--playground"]) == 0
    assert capsys.readouterr().out == "wrote play.html\n"
    assert main(["--playground", "-o", "mine.html", "--theme", "dark"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.html", "play.html"]


@pytest.mark.parametrize(("arguments", "said"), [
    (["x", "--playground"], "it is typed on the page; 'x' came"),
    (["--playground", "-o", "play.svg"], "makes a page: name a file for it"),
])
def test_the_command_says_what_it_cannot_do(capsys, arguments, said):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
