"""The page in which a network trains, as text; test_play_browser.py opens it in a browser."""

import re

import pytest

import nn
import viz
from autograd import SizeError, UsageError
from nn.__main__ import main
from nn.recipes import PLAYED
from viz.pages.words import WORDS

X, Y = nn.data.xor()


def play(model=None, X=X, Y=Y, loss="mse", **options):
    """A page of XOR."""
    return viz.play(model or nn.MLP(2, [2, 1], "tanh", "sigmoid", seed=0), X, Y, loss, nn.SGD(0.5), **options)


def test_the_page_is_self_contained_and_small(tmp_path):
    page = play(nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=1), loss="binary_cross_entropy", path=tmp_path / "xor.html")
    assert (tmp_path / "xor.html").read_text(encoding="utf-8") == page
    assert len(page.encode()) < 300_000
    assert set(re.findall(r"https?://[^\"'\s<&]*", page)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"<link|@import|url\((?!data:)| src=", page)
    assert page.svg.startswith("<svg")


@pytest.mark.parametrize("language", WORDS)
def test_the_page_speaks_a_language(language):
    page = play(language=language)
    assert f'<html lang="{language}">' in page
    assert WORDS[language]["csv_rule"] in page
    assert page.about == WORDS[language]["playing"]


def test_models_are_called_by_their_sizes_or_as_a_dict_says():
    models = [nn.MLP(2, [2, 1], "tanh", "sigmoid"), nn.MLP(2, [4, 3, 1], "tanh", "sigmoid")]
    assert all(f'"title":"{name}"' in play(models) for name in ("2-2-1", "2-4-3-1"))
    assert '"title":"my \\u003cb>"' in play({"my <b>": models[0]})


def test_a_large_graph_is_left_out_of_the_page():
    page = play(nn.MLP(2, [40, 40, 1], "tanh", "sigmoid", seed=0))
    assert re.search(r'"walk":\d+', page)


@pytest.mark.parametrize(("models", "error", "message"), [
    ([], UsageError, "at least one model"),
    (lambda x: x, UsageError, "models with layers, such as nn.MLP; function came"),
    ({"a": 3}, UsageError, "int came"),
])
def test_what_has_no_layers_is_refused(models, error, message):
    with pytest.raises(error, match=message):
        viz.play(models, X, Y, "mse", nn.SGD(0.1))


def test_names_are_those_of_the_classes():
    assert '"name":"no"' in play(names=["no", "yes"])
    with pytest.raises(SizeError, match="of which there are 2; 3 came"):
        play(names=["a", "b", "c"])
    with pytest.raises(SizeError, match="of which there are 0; 1 came"):
        play(nn.MLP(1, [2, 1]), *nn.data.curve("sine", 5), names=["a"])


def test_the_command_writes_a_page(tmp_path, capsys):
    path = tmp_path / "page.html"
    assert main(["play", "xor", "--hidden", "2", "--lr", "0.3", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"wrote {path}\n"
    page = path.read_text(encoding="utf-8")
    assert "<title>xor</title>" in page
    assert '"title":"2-2-1"' in page
    assert '"lr":0.3' in page.replace(" ", "")


@pytest.mark.slow
@pytest.mark.parametrize("task", PLAYED)
def test_every_task_of_the_command_is_a_page(task):
    assert PLAYED[task].play().startswith("<!DOCTYPE html>")
