"""A course kit: exercises as assignments that mark themselves, worksheets for a class, questions for Moodle.

`python -m viz.course --out course --students class.txt` writes what nbgrader takes. A student's notebook asks for its
numbers, and tries what is written:

>>> from viz import course
>>> student = "ada"
>>> n, m = course.numbers("01_a_value_and_its_graph", "weighted", student)
>>> def weighted(a, b):
...     return b + m, n * (b + m)
>>> course.check("01_a_value_and_its_graph", "weighted")
Traceback (most recent call last):
viz.errors.AnswerError: weighted: weighted(4, 1) gives (9, 18), (9, 24) is right – df/db follows one path only, that of
the first bracket; the second brings a + n·b
"""

from viz.course.kit import handouts, worksheets, write
from viz.course.marking import check, numbers
from viz.course.questions import moodle
from viz.errors import AnswerError

__all__ = ["AnswerError", "check", "handouts", "moodle", "numbers", "worksheets", "write"]
