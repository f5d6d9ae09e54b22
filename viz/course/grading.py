"""What nbgrader runs: a cell that ends Python, or never ends, costs its own points, and feedback shows no hidden test.

`nbgrader_config.py`, which `python -m viz.course` writes, names both classes. nbgrader is needed to import this.
"""

from __future__ import annotations

import copy
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader import preprocessors, utils
from traitlets import Bool

Notebook = Any


class Execute(preprocessors.Execute):  # type: ignore[misc]
    """Runs all cells. Where one ends Python or takes too long, a new Python runs those before and after it."""

    interrupt_on_timeout = Bool(False, help="A kernel whose cell takes too long is replaced, not interrupted.")

    def preprocess(self, nb: Notebook, resources: Any, km: Any = None) -> Any:
        """Run a submission."""
        self.fatal: set[int] = set()
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> Any:
        """Run a cell, and say so in it if it is the last that its Python runs."""
        if end := self.end_of(cell, index):
            self.fatal.add(index)
            cell.outputs.append(new_output("error", ename="EndOfPython", evalue=end, traceback=[end]))
            self.resume(index)
        return cell, resources

    def end_of(self, cell: Any, index: int) -> str:
        """Run a cell; the words for how it ended Python, "" if it did not."""
        self.exits = False
        try:
            self.execute_cell(cell, index, store_history=True)
        except CellTimeoutError:
            return f"This cell takes longer than {self.timeout} seconds: does a loop never end?"
        except DeadKernelError:
            return "This cell ends Python: marking goes on after it, without what it did."
        return "This cell calls exit(): marking goes on after it, without what it did." if self.exits else ""

    def on_cell_executed(self, **about: Any) -> None:
        """Note whether a cell has asked for the end, which comes only after it."""
        super().on_cell_executed(**about)
        wishes = about["execute_reply"]["content"].get("payload", [])
        self.exits = any(wish.get("source") == "ask_exit" for wish in wishes)

    def resume(self, index: int) -> None:
        """Begin again, with all cells up to one but tests and those that ended Python."""
        self.shutdown_kernel = "immediate"
        self._cleanup_kernel()
        self.create_kernel_manager()
        self.start_new_kernel()
        self.start_new_kernel_client()
        for position, cell in enumerate(self.nb.cells[:index]):
            wanted = cell.cell_type == "code" and position not in self.fatal and not utils.is_grade(cell)
            if wanted and self.end_of(copy.deepcopy(cell), position):  # it went well with what is now left out
                self.fatal.add(position)
                self.resume(index)
                return


class HideTests(preprocessors.ClearHiddenTests):  # type: ignore[misc]
    """Takes hidden tests out of feedback, and of what they put out all but our own sentence on what is wrong."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> Any:
        """A cell without hidden tests."""
        if cell.cell_type != "code" or not self._remove_hidden_test_region(cell):
            return cell, resources
        kept = []
        for output in cell.outputs:
            if output.output_type == "error":
                if output.ename not in ("AnswerError", "EndOfPython"):
                    output.evalue = f"the test could not be run: {output.ename}"
                output.traceback = [output.evalue]
                kept.append(output)
        cell.outputs = kept
        return cell, resources
