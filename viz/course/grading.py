"""For nbgrader: a cell that ends Python, or never ends, costs its own points, and feedback shows no hidden test.

The classes are completed by nbgrader's own in `nbgrader_config.py`, which `python -m viz.course` writes; so this can be
imported without nbgrader, with which nbclient and nbformat come.
"""

from __future__ import annotations

import copy
from typing import Any

Cell = Any
"""A cell of nbformat."""


class Resuming:
    """Of what runs a notebook: where a cell ends Python or takes too long, a new Python runs the others.

    Before an `Execute` of nbgrader, whose `interrupt_on_timeout` is False.
    """

    timeout: int
    nb: Any

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> Any:
        """Run a submission."""
        self.fatal: set[int] = set()
        self.shutdown_kernel = "immediate"
        return super().preprocess(nb, resources, km)  # type: ignore[misc]

    def preprocess_cell(self, cell: Cell, resources: Any, index: int) -> Any:
        """Run a cell, and say so in it if it is the last that its Python runs."""
        from nbformat.v4 import new_output

        if end := self.end_of(cell, index):
            self.fatal.add(index)
            cell.outputs.append(new_output("error", ename="EndOfPython", evalue=end, traceback=[end]))
            self.resume(index)
        return cell, resources

    def end_of(self, cell: Cell, index: int) -> str:
        """Run a cell; the words for how it ended Python, "" if it did not."""
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        self.exits = False
        try:
            # A test is not kept in In, where cells after it could read it.
            self.execute_cell(cell, index, store_history=not is_test(cell))  # type: ignore[attr-defined]
        except CellTimeoutError:
            return f"This cell takes longer than {self.timeout} seconds: does a loop never end?"
        except DeadKernelError:
            return "This cell ends Python: marking goes on after it, without what it did."
        return "This cell calls exit(): marking goes on after it, without what it did." if self.exits else ""

    def on_cell_executed(self, **about: Any) -> None:
        """Note whether a cell has asked for the end, which comes only after it."""
        super().on_cell_executed(**about)  # type: ignore[misc]
        wishes = about["execute_reply"]["content"].get("payload", [])
        self.exits = any(wish.get("source") == "ask_exit" for wish in wishes)

    def resume(self, index: int) -> None:
        """Begin again, with all cells up to one but tests and those that ended Python."""
        for step in ("_cleanup_kernel", "create_kernel_manager", "start_new_kernel", "start_new_kernel_client"):
            getattr(self, step)()
        for position, cell in enumerate(self.nb.cells[:index]):
            wanted = cell.cell_type == "code" and position not in self.fatal and not is_test(cell)
            if wanted and self.end_of(copy.deepcopy(cell), position):  # it went well with what is now left out
                self.fatal.add(position)
                self.resume(index)
                return


class Hiding:
    """Of what prepares feedback: hidden tests are taken out, and of their output all but our sentence on what is wrong.

    Before nbgrader's `ClearHiddenTests`.
    """

    def preprocess_cell(self, cell: Cell, resources: Any, cell_index: int) -> Any:
        """A cell without hidden tests."""
        if cell.cell_type == "code" and self._remove_hidden_test_region(cell):  # type: ignore[attr-defined]
            cell.outputs = [output for output in cell.outputs if output.output_type == "error"]
            for output in cell.outputs:
                if output.ename not in ("AnswerError", "EndOfPython"):
                    output.evalue = f"the test could not be run: {output.ename}"
                output.traceback = [output.evalue]
        return cell, resources


def is_test(cell: Cell) -> bool:
    """Whether a cell is worth points."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade", False))
