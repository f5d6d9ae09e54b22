"""The page that asks for numbers, as text; test_quiz_browser.py answers it in a browser."""

from __future__ import annotations

import re

import pytest
from drawings import data_of

import viz
from autograd import UsageError, Value


def blanks(*args, **options) -> list[dict]:
    """What a quiz asks for."""
    page = viz.quiz(*args, **options)
    return data_of(page)["quiz"]["blanks"]


FIRST = {"x": -2, "y": 5, "z": -4}


@pytest.mark.parametrize(("hide", "expected"), [
    ("grads", {"df/df": "1.0", "df/dq": "-4.0", "df/dz": "3.0", "df/dx": "-4.0", "df/dy": "-4.0"}),
    ("values", {"q": "3.0", "f": "-12.0"}),
    ("local", {"df/dq": "-4.0", "df/dz": "3.0", "dq/dx": "1.0", "dq/dy": "1.0"}),
    (["q"], {"q": "3.0", "df/dq": "-4.0"}),
    (["q.grad", "f.data", "x"], {"f": "-12.0", "df/dq": "-4.0", "df/dx": "-4.0"}),
])
def test_it_asks_for_what_is_to_be_hidden(hide, expected):
    assert {blank["name"]: blank["answer"] for blank in blanks("(x + y) * z", hide, **FIRST)} == expected


def test_a_reused_value_is_asked_for_once_and_told_path_by_path():
    x = Value(5.0, "x")
    *_, blank = blanks(x * x, "grads", style="circuit")
    assert (blank["name"], blank["answer"], len(blank["explanation"])) == ("df/dx", "10.0", 2)
    assert blank["keys"] == ["v0:gradient", "v1e0:gradient", "v1e1:gradient"]
    assert [b["name"] for b in blanks(x * x, "local")] == ["df/dx, operand 1", "df/dx, operand 2"]


def test_the_seed_chooses_a_share():
    names = [[b["name"] for b in blanks("(x + y) * z", seed=seed, share=0.4, **FIRST)] for seed in (0, 0, 1, 2, 3)]
    assert names[0] == names[1]
    assert {len(chosen) for chosen in names} == {2}
    assert len(set(map(tuple, names))) > 1


def test_the_picture_for_notebooks_without_scripts_does_not_tell(tmp_path):
    page = viz.quiz("(x + y) * z", path=tmp_path / "q.html", **FIRST)
    assert (tmp_path / "q.html").read_text(encoding="utf-8") == page
    seen = re.findall(r'<text(?![^>]*transparent)[^>]*>([^<]*)</text>', page.svg)
    assert "grad -4" not in seen


@pytest.mark.parametrize(("hide", "options", "message"), [
    ("gradients", {}, "hide is one of 'grads', 'values', 'local' or a list"),
    (["w"], {}, "hide names values of the graph, x, y, z, q, f; 'w' came"),
    ([], {}, "there is nothing to hide"),
    (["x.data"], {}, "there is nothing to hide"),
    ("grads", {"share": 0}, "share is above 0 and at most 1, 0 came"),
    ("grads", {"share": 1.5}, "share is above 0 and at most 1, 1.5 came"),
    ("grads", {"tolerance": -0.1}, "tolerance is a number from 0 to 1"),
])
def test_what_cannot_be_asked_is_refused(hide, options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        viz.quiz("(x + y) * z", hide, **FIRST, **options)
