"""The course kit: assignments that mark themselves, and what students hand in."""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from browser import started

import viz
from autograd import UsageError
from benchmarks import course as benchmark
from viz.course import __main__ as command
from viz.course import check, handouts, moodle, numbers, worksheets, write
from viz.course.assignments import load, names, read
from viz.course.grading import Hiding
from viz.course.kit import key
from viz.course.marking import TODO, examine, same
from viz.course.notebooks import alone, handout, nbgrader, opening, otter
from viz.course.questions import Graph
from viz.errors import AnswerError
from viz.pages.exercises import exercises

ROOT = Path(__file__).parent.parent
SECRET = 90417

over = pytest.mark.parametrize
over_assignments = over("name", names())
TASKS = [(name, task.name) for name in names() for task in load(name).tasks]


def flat(words):
    return " ".join(words.split())


def said(name, task, student, seed=None, source=None):
    """What is wrong with an answer: the solution, or another text."""
    one = load(name)
    what = one.task(task)
    return examine(one, what, one.scope(what, student, source), student, seed)


def cells(text):
    """The cells of a notebook, each with its text as one."""
    return [cell | {"source": "".join(cell["source"])} for cell in json.loads(text)["cells"]]


def marked(cell):
    return cell["metadata"].get("nbgrader", {})


def release(text):
    """What nbgrader hands out: solutions are replaced and hidden tests are gone."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        source = re.sub(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION",
                        lambda found: "\n".join(found[1] + line for line in TODO.splitlines()), source, flags=re.S)
        source = re.sub(r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n?", "", source, flags=re.S)
        cell["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook)


def run(text, answers=None):
    """The messages of all tests of a notebook whose cells run from top to bottom, with other cells for some tasks."""
    scope, messages = {"__name__": "__main__"}, {}
    for cell in cells(text):
        if cell["cell_type"] != "code":
            continue
        task = marked(cell).get("grade_id", "")
        try:
            exec((answers or {}).get(task, cell["source"]), scope)
            messages[task] = ""
        except Exception as error:
            messages[task] = str(error)
    return messages


# ── tasks ────────────────────────────────────────────────────────────────────────────────────


def test_every_notebook_but_those_of_tools_has_an_assignment():
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks >= set(names())
    assert len(names()) >= 14


@over(("name", "task"), TASKS)
def test_a_solution_is_right_and_every_slip_is_named(name, task):
    assert said(name, task, "ada") == ""
    for slip in load(name).task(task).slips:
        assert flat(slip.words) in flat(said(name, task, "ada", source=slip.source))


@pytest.mark.slow
@over(("name", "task"), TASKS)
@over("student", ["bob", "cleo", "dan", "eve"])
def test_slips_are_named_at_the_numbers_of_others_and_at_hidden_ones(name, task, student):
    for seed in (None, SECRET):
        assert said(name, task, student, seed) == ""
        for slip in load(name).task(task).slips:
            assert flat(slip.words) in flat(said(name, task, student, seed, slip.source))


@over(("name", "task"), TASKS)
def test_a_task_has_slips_and_points_and_what_is_not_written_is_said_to_be(name, task):
    one = load(name).task(task)
    assert one.slips
    assert sum(one.points) > 0
    assert one.points[1] == 0 or one.cases
    assert "### BEGIN SOLUTION" not in one.stub(TODO)
    if one.cases:
        assert said(name, task, "ada", source=one.stub(TODO)) == "it is not written yet"


def test_each_student_has_other_numbers_and_always_the_same():
    drawn = {name: numbers("01_a_value_and_its_graph", "weighted", name) for name in ("ada", "bob", "cleo", "dan")}
    assert len(set(drawn.values())) > 1
    assert drawn["ada"] == numbers("01_a_value_and_its_graph", "weighted", "ada")


def test_what_is_not_known_is_refused():
    with pytest.raises(UsageError, match="assignments are 01_a_value"):
        numbers("99", "weighted", "ada")
    with pytest.raises(UsageError, match="tasks of 02_gradients are central, largest_rate, descend; 'up' came"):
        numbers("02_gradients", "up", "ada")
    with pytest.raises(UsageError, match=r"a block of code is nothing, setup, .*; 'solutions' came"):
        read("mine", "# Mine\n```python solutions f, 1 + 1 points\n```\n")


def test_a_step_is_no_more_right_than_those_it_is_built_on():
    text = nbgrader(load("14_build_the_engine"), SECRET)
    missing = run(text, {"Value": "clas Value: pass"})
    assert all(missing[f"{task.name}-test"] for task in load("14_build_the_engine").tasks)
    unwritten = run(text, {"push": load("14_build_the_engine").task("push").stub(TODO)})
    assert [task for task in ("add", "mul", "init", "push", "backward", "tanh", "train")
            if not unwritten[f"{task}-test"]] == ["add", "mul", "init"]


# ── what is said of answers ──────────────────────────────────────────────────────────────────


def answer(source, seed=None):
    """What is said of an answer to one of the tasks."""
    return said("02_gradients", "central", "ada", seed, source)


def test_what_is_wrong_is_said_with_the_call_the_answer_and_the_slip():
    words = answer("def central(f, x, h): return (f(x + h) - f(x)) / h")
    assert re.fullmatch(r"central\(cube, -?\d, 0\.\d\) gives [-\d.]+, [-\d.]+ is right – that is the forward "
                        r"difference, which looks to one side only", words)


@over(("source", "words"), [
    ("def central(f, x, h): raise NotImplementedError", "it is not written yet"),
    ("def central(f, x, h): exit()", "it calls exit(), which ends Python"),
    ("import sys\ndef central(f, x, h): sys.exit(1)", "it calls exit(), which ends Python"),
    ("def central(f, x, h): return f(x) / 0", "it raises ZeroDivisionError"),
    ("def central(f, x): return 1", "it raises TypeError"),
    ("def central(f, x, h): return central(f, x, h)", "it raises RecursionError"),
    ("central = 3", "it raises TypeError: 'int' object is not callable"),
    ("def central(f, x, h): return None", "gives None"),
])
def test_what_goes_wrong_in_an_answer_is_said(source, words):
    assert words in answer(source)


def test_an_answer_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("viz.course.marking.SECONDS", 0.2)
    assert "does a loop never end?" in answer("def central(f, x, h):\n    while True: pass")
    assert "does a loop never end?" in answer(
        "def central(f, x, h):\n    while True:\n        try: pass\n        except Exception: pass")


def test_an_answer_may_print_and_warn_and_change_what_it_is_given(capsys):
    source = ("import warnings\n"
              "def stops(losses, patience):\n"
              "    print(losses); warnings.warn('slow'); losses.clear()\n"
              "    return 0, 0\n")
    assert "stops([" in said("11_overfitting", "stops", "ada", source=source)
    assert capsys.readouterr() == ("", "")


@over("source", [
    "def central(f, x, h): return 123.5",
    "def central(f, x, h): return (x, h)",
    "def central(f, x, h): raise ValueError(f, x, h)",
    "def central(f, x, h): print(f, x, h); return (f(x + h) - f(x)) / h",
])
def test_a_hidden_test_tells_none_of_its_numbers(source, capsys):
    words = answer(source, seed=SECRET)
    assert words
    assert not re.search(r"\d", words)
    assert capsys.readouterr().out == ""


@over(("got", "right", "agree"), [
    (2, 2.0, True), ([1, 2], (1, 2), True), ((1, 2), (1, 2, 3), False), (True, 1, False),
    (float("nan"), float("nan"), True), (0.1 + 0.2, 0.3, True), (0.3001, 0.3, False), ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"b": 1}, False), (None, 0, False), ("ab", "ab", True),
    (viz.parse("x", x=2), 2, True), ([[1], [2]], [[1], [3]], False), (1, [1], False),
])
def test_answers_agree_but_for_rounding_and_kind_of_list(got, right, agree):
    assert same(got, right) is agree


def test_in_a_notebook_a_wrong_answer_shows_its_sentence_and_not_the_test():
    scope = {"student": "ada", "check": check}
    with pytest.raises(AnswerError) as wrong:
        exec("check('02_gradients', 'central')", scope)
    assert wrong.value._render_traceback_() == ["central: it is not there: did its cell run?"]


def test_numbers_of_another_are_found_out_while_nbgrader_marks(tmp_path, monkeypatch):
    folder = tmp_path / "autograded" / "ada" / "02_gradients"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    one = load("02_gradients")
    for student, message in (("ada", ""), ("bob", "these are the numbers of 'bob', and 'ada' handed them in")):
        scope = one.scope(one.task("central"), student) | {"check": check}
        if message:
            with pytest.raises(AnswerError, match=message):
                exec(f"check('02_gradients', 'central', seed={SECRET})", scope)
        else:
            exec(f"check('02_gradients', 'central', seed={SECRET})", scope)


# ── notebooks ────────────────────────────────────────────────────────────────────────────────


@over_assignments
def test_a_notebook_for_nbgrader_says_what_each_cell_is(name):
    found = cells(nbgrader(load(name), SECRET))
    grade_ids = [marked(cell)["grade_id"] for cell in found if marked(cell)]
    assert len(grade_ids) == len(set(grade_ids))
    for cell in found:
        about, source = marked(cell), cell["source"]
        assert ("HIDDEN TESTS" in source) == (about.get("grade_id", "").endswith("-hidden"))
        assert ("### BEGIN SOLUTION" in source) == about.get("solution", False)
        assert about.get("grade", False) == ("check(" in source) == ("points" in about)
        if about:
            assert about["schema_version"] == 3
            assert about["locked"] != about["solution"]
    assert sum(marked(cell).get("points", 0) for cell in found) == sum(sum(task.points) for task in load(name).tasks)


@over_assignments
def test_what_is_handed_out_has_no_solution_no_hidden_test_and_the_numbers_of_its_student(name):
    text = handout(release(nbgrader(load(name), SECRET)), load(name), "ada")
    found = cells(text)
    assert "HIDDEN TESTS" not in text
    assert str(SECRET) not in text
    assert "{{" not in text
    assert found[1]["source"] == opening("ada")
    solutions = [re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END", task.solution, re.S) for task in load(name).tasks]
    assert not [part for parts in solutions for part in parts if any(part in cell["source"] for cell in found)]


@over("name", ["01_a_value_and_its_graph", "06_networks_and_xor", "14_build_the_engine"])
def test_the_cells_of_a_solved_notebook_run_and_pass(name):
    text = nbgrader(load(name), SECRET).replace('student = \\"\\"', 'student = \\"ada\\"')
    assert set(run(text).values()) == {""}


def test_each_test_of_a_notebook_is_about_its_own_task():
    one = load("02_gradients")
    slip = one.task("largest_rate").slips[0]
    text = nbgrader(one, SECRET).replace('student = \\"\\"', 'student = \\"ada\\"')
    messages = run(text, {"largest_rate": slip.source, "descend": one.task("descend").stub(TODO)})
    wrong = {task: words for task, words in messages.items() if words}
    assert wrong.keys() == {"largest_rate-test", "largest_rate-hidden", "descend-test", "descend-hidden"}
    assert slip.words in wrong["largest_rate-test"]
    assert wrong["largest_rate-hidden"] == f"largest_rate: it is wrong at other numbers – {slip.words}"
    assert wrong["descend-hidden"] == "descend: it is not written yet"


def test_the_notebook_in_which_an_engine_is_built_is_the_assignment_for_those_who_study_alone():
    committed = (ROOT / "notebooks" / "14_build_the_engine.ipynb").read_text(encoding="utf-8")
    course = [cell for cell in cells(committed) if "remove-cell" not in cell["metadata"].get("tags", [])]
    assert [cell["source"] for cell in course] == [
        cell["source"] for cell in cells(alone(load("14_build_the_engine")))]


@over_assignments
def test_a_notebook_for_otter_closes_what_it_opens(name):
    opened = []
    for cell in cells(otter(load(name), SECRET)):
        if cell["cell_type"] == "raw" and "CONFIG" not in cell["source"]:
            _, word, what = cell["source"].splitlines()[0].split(" ", 2)
            if word == "BEGIN":
                opened.append(what)
            else:
                assert opened.pop() == what
    assert opened == []


# ── a class ──────────────────────────────────────────────────────────────────────────────────


def test_a_kit_has_a_configuration_sources_and_keys(tmp_path):
    files = write(tmp_path, "nbgrader", ["ada", "bob"], assignments=["02", "14"], seed=SECRET)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in files) == [
        "keys/02_gradients.csv", "keys/14_build_the_engine.csv", "nbgrader_config.py",
        "source/02_gradients/02_gradients.ipynb", "source/14_build_the_engine/14_build_the_engine.ipynb"]
    compile((tmp_path / "nbgrader_config.py").read_text(encoding="utf-8"), "nbgrader_config.py", "exec")


def test_a_key_has_the_answers_at_each_student_s_numbers():
    one = load("02_gradients")
    rows = [row for row in csv.DictReader(key(one, ["ada", "bob"]).splitlines()) if row["task"] == "largest_rate"]
    for row in rows:
        (k,) = numbers(one.name, "largest_rate", row["student"])
        x = float(re.fullmatch(r"largest_rate\((\d+), \d+\)", row["call"])[1])
        assert row["numbers"] == f"k = {k}"
        assert float(row["answer"]) == pytest.approx(1 / (k * x) ** 2, rel=1e-5)
    assert {row["student"] for row in rows} == {"ada", "bob"}


def test_handouts_need_what_nbgrader_releases(tmp_path):
    (source, *_) = [path for path in write(tmp_path, assignments=["02"], seed=SECRET) if path.suffix == ".ipynb"]
    with pytest.raises(UsageError, match="run nbgrader generate_assignment 02_gradients first"):
        handouts(tmp_path, ["ada"], ["02"])
    released = tmp_path / "release" / "02_gradients" / "02_gradients.ipynb"
    released.parent.mkdir(parents=True)
    released.write_text(release(source.read_text(encoding="utf-8")), encoding="utf-8")
    (copy,) = handouts(tmp_path, ["ada"], ["02"])
    assert copy == tmp_path / "handout" / "ada" / "02_gradients" / "02_gradients.ipynb"
    assert 'student = \\"ada\\"' in copy.read_text(encoding="utf-8")


@over(("students", "message"), [
    (["ada", "a/b"], "a student's name is one of a folder, 'a/b' came"),
    (['x"; import os'], "a student's name is one of a folder"),
    (["..", "ada"], "a student's name is one of a folder"),
    (["ada", "Ada"], "'Ada' came twice"),
])
def test_names_that_are_no_names_of_folders_or_come_twice_are_refused(students, message, tmp_path):
    with pytest.raises(UsageError, match=re.escape(message)):
        write(tmp_path, students=students)
    assert list(tmp_path.iterdir()) == []


def test_the_command_reads_a_class_from_a_file(tmp_path, capsys):
    (tmp_path / "class.txt").write_text("ada\nbob\n\n", encoding="utf-8")
    arguments = ["--out", str(tmp_path / "course"), "--students", str(tmp_path / "class.txt"), "--assignments", "02"]
    assert command.main([*arguments, "--seed", "7"]) == 0
    assert "wrote 3 files" in capsys.readouterr().out
    assert "bob" in (tmp_path / "course" / "keys" / "02_gradients.csv").read_text(encoding="utf-8")
    assert command.main(["--out", str(tmp_path), "--assignments", "77"]) == 2
    assert "'77' came" in capsys.readouterr().err
    assert command.main(["--out", str(tmp_path), "--students", str(tmp_path / "none.txt")]) == 2


# ── worksheets ───────────────────────────────────────────────────────────────────────────────


def test_a_class_has_a_sheet_for_each_student_and_a_key_in_the_same_order(tmp_path):
    sheets, keys = worksheets(tmp_path, ["ada", "bob", "cleo"], 2, level=2, seed=SECRET)
    assert (sheets.name, keys.name) == ("class.html", "keys.html")
    for path in (sheets, keys):
        pages = path.read_text(encoding="utf-8").split("<main")[1:]
        assert [name for page, name in zip(pages, ("ada", "bob", "cleo"), strict=True) if name in page] == [
            "ada", "bob", "cleo"]
        assert len({re.search(r"seed=(\d+)", page)[1] for page in pages}) == 3
        assert [page.count("<section>") for page in pages] == [2, 2, 2]


def test_worksheets_need_names_and_are_the_same_for_the_same_names(tmp_path):
    with pytest.raises(UsageError, match="there are no names"):
        worksheets(tmp_path, [])
    first, again = worksheets(tmp_path / "a", ["ada"], 1), worksheets(tmp_path / "b", ["ada"], 1)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


@pytest.mark.slow
@over("level", [1, 2, 3])
def test_each_sheet_is_a_page_of_paper(level, tmp_path):
    sheets, keys = worksheets(tmp_path, ["ada", "bob", "cleo"], level=level, seed=1)
    with started() as browser:
        for path in (sheets, keys):
            browser.get(path.as_uri())
            printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
            assert len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed))) == 3


# ── Moodle ───────────────────────────────────────────────────────────────────────────────────


@over("level", [1, 2, 3])
def test_questions_for_moodle_have_the_right_answers_first_and_no_slip_that_is_right(level):
    root, drawn = ET.fromstring(moodle(2, level, seed=5)), exercises(2, level, seed=5)
    asked = [question for question in root if question.get("type") != "category"]
    right = {question.findtext("name/text"): question.findtext("answer[1]/text") for question in asked}
    for i, exercise in enumerate(drawn, 1):
        head = f"level {level}, seed 5, graph {i}"
        assert float(right[f"{head}: value"]) == exercise.root.data
        for label, slope in exercise.gradient.items():
            assert float(right[f"{head}: d{exercise.root.label}/d{label}"]) == slope
    for question in asked:
        first, *others = [answer.findtext("text") for answer in question.findall("answer")]
        assert question.find("answer").get("fraction") == "100"
        assert first not in others
        assert question.findtext("questiontext/file")
        assert question.findtext("generalfeedback/text")


FORMATS = {"html", "moodle_auto_format", "plain_text", "markdown"}
"""Those of texts that Moodle knows; it takes others for HTML, with a warning."""


@over("level", [1, 2, 3])
def test_questions_are_what_the_importer_of_moodle_reads(level):
    xml = moodle(4, level, seed=6)
    assert xml.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<quiz>')  # a blank line before it breaks the import
    for question in ET.fromstring(xml):
        if question.get("type") == "category":
            assert re.fullmatch(r"\$course\$/top/[\w /]+", question.findtext("category/text"))
            continue
        assert 0 < len(question.findtext("name/text")) < 255
        assert {part.get("format") for part in question.iter() if part.get("format")} <= FORMATS
        said, (file,) = question.find("questiontext"), question.findall("questiontext/file")
        assert re.findall("@@PLUGINFILE@@(/[^\"]+)", said.findtext("text")) == [file.get("path") + file.get("name")]
        assert base64.b64decode(file.text, validate=True).startswith(b"\x89PNG")
        assert float(question.findtext("defaultgrade")) == 1
        shares = [float(answer.get("fraction")) for answer in question.findall("answer")]
        assert shares == [100.0] + [0.0] * (len(shares) - 1)  # one is whole, and all are shares that Moodle has
        if question.get("type") == "numerical":  # the first answer that is near enough counts
            right, *wrong = [float(answer.findtext("text")) for answer in question.findall("answer")]
            (tolerance,) = {float(answer.findtext("tolerance")) for answer in question.findall("answer")}
            assert all(abs(number - right) > 2 * tolerance for number in wrong)
            assert right == 0 or abs(right) > 2 * tolerance  # 0 is no answer to what is small
        else:
            assert question.get("type") == "shortanswer"
            assert question.findtext("usecase") == "0"
            assert question.findtext("answer/text").isidentifier()  # no *, which stands for anything there


@over("level", [2, 3])
def test_the_drawing_of_a_question_shows_the_inputs_and_no_answer(level):
    for exercise in exercises(2, level, seed=1):
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", Graph(exercise, "").drawing.svg())
        shown = {float(text) for text in texts if re.fullmatch(r"-?[\d.]+", text)}
        assert shown <= {*exercise.point.values(), 2.0}


# ── what nbgrader is given ───────────────────────────────────────────────────────────────────


class Thing(dict):
    """A part of a notebook, as nbformat has it: its keys are attributes."""

    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__


class Feedback(Hiding):
    """As with nbgrader's own, which takes the lines of a hidden test away."""

    def _remove_hidden_test_region(self, cell):
        had, cell.source = "HIDDEN" in cell.source, cell.source.partition("### BEGIN HIDDEN")[0]
        return had


@over(("ename", "evalue", "kept"), [
    ("AnswerError", "central: it is wrong at other numbers", "central: it is wrong at other numbers"),
    ("NameError", f"name 'x' is not defined, seed={SECRET}", "the test could not be run: NameError"),
])
def test_feedback_keeps_of_a_hidden_test_the_sentence_alone(ename, evalue, kept):
    error = Thing(output_type="error", ename=ename, evalue=evalue, traceback=["----> check(seed=1)", evalue])
    printed = Thing(output_type="stream", name="stdout", text="(-3, 0.1)")
    cell = Thing(cell_type="code", source=f"# Others\n### BEGIN HIDDEN TESTS\ncheck(seed={SECRET})",
                 outputs=[printed, error])
    Feedback().preprocess_cell(cell, {}, 0)
    assert cell.source == "# Others\n"
    assert cell.outputs == [error]
    assert (error.evalue, error.traceback) == (kept, [kept])


def test_feedback_leaves_other_cells_as_they_are():
    cell = Thing(cell_type="code", source="1 / 0", outputs=[Thing(output_type="error", ename="ZeroDivisionError")])
    Feedback().preprocess_cell(cell, {}, 0)
    assert cell == Thing(cell_type="code", source="1 / 0", outputs=[
        Thing(output_type="error", ename="ZeroDivisionError")])


# ── nbgrader itself ──────────────────────────────────────────────────────────────────────────


def test_submissions_of_the_benchmark_are_of_all_kinds_and_say_what_is_due():
    found = list(benchmark.submissions(seed=0, count=50))
    assert {one.kind for one in found} == set(benchmark.KINDS)
    for one in found:
        full = sum(sum(task.points) for task in one.assignment.tasks)
        assert (sum(one.due.values()) == full) == (one.kind in ("right", "curious"))


@pytest.mark.slow
def test_nbgrader_gives_each_submission_its_marks():
    pytest.importorskip("nbgrader")
    if shutil.which("jupyter", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("nbgrader is started by its own Python")
    done = subprocess.run([sys.executable, "-m", "benchmarks.course", "--count", "14"], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    assert "14 of 14 submissions got the marks that are due" in done.stdout
    assert "hidden tests are shown in 0 of 14 feedbacks" in done.stdout
