"""A course kit: the notebooks' exercises as assignments that mark themselves, worksheets for a class, questions for Moodle.

`python -m viz.course --out course --format nbgrader --students class.txt` writes what nbgrader takes. A student's notebook
asks for its numbers, and tests what is written:

>>> from viz.course import check, numbers
>>> student = "ada"
>>> n, m = numbers("01_a_value_and_its_graph", "weighted", student)
>>> def weighted(a, b):
...     return m + b, a
>>> check("01_a_value_and_its_graph", "weighted")
Traceback (most recent call last):
viz.errors.AnswerError: weighted: ...
"""

from viz.course.marking import check, numbers
from viz.errors import AnswerError

__all__ = ["AnswerError", "check", "numbers"]
