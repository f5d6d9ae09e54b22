"""Lower readable statements to calls that write into buffers kept from the last run.

The source of a program reads like a textbook, `a1 = np.maximum(z1, 0)`, and allocates an array per
operation. Its syntax tree says where: every arithmetic node becomes a ufunc call whose result goes
to a slot `_b[k]`. A slot is None in the first run, so that NumPy allocates it; from then on it is written
in place. The lowered program computes the same numbers in the same order.

>>> print(lower("z = x @ W + c\\ndW[...] = x.T @ z", set())[0])
_t0 = _b[0] = np.matmul(x, W, out=_b[0])
z = np.add(_t0, c, out=_t0)
np.matmul(x.T, z, out=dW)
"""

from __future__ import annotations

import ast
from collections import Counter

from autograd.compiler.execute import statements_of

BINARY = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "matmul", ast.Gt: "greater", ast.Eq: "equal",
}
UFUNCS = {"exp", "log", "sqrt", "sin", "cos", "tanh", "abs", "sign", "maximum", "minimum", "logaddexp", "heaviside",
          "expm1", "log1p"}
REDUCE = {"sum": "add", "max": "maximum", "min": "minimum"}
ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Subscript)
VIEWS = {"reshape", "swapaxes", "astype"}


class _Lowering:
    def __init__(self, constants: set[str], vectors: set[str], added_to: set[str], slots: int) -> None:
        self.constants = constants
        self.vectors = vectors
        self.has_ones = False
        self.added_to = added_to
        self.lines: list[str] = []
        self.slots = slots
        self.repeated: set[str] = set()
        """Expressions that occur more than once in the present statement: computed once, and kept."""
        self.computed: dict[str, str] = {}
        self.truths: set[str] = set()
        """Temporaries that hold truth values, where no numbers fit."""
        self.fresh: set[str] = set()
        """Temporaries of the present statement: nobody else holds them, so they may be overwritten."""

    # ── statements ───────────────────────────────────────────────────────────────────────────

    def statement(self, node: ast.stmt) -> None:
        """One statement; what is not arithmetic stays as it is."""
        self.fresh, self.truths = set(), set()
        seen = Counter(ast.unparse(part) for part in ast.walk(node) if isinstance(part, ARITHMETIC))
        self.repeated = {text for text, times in seen.items() if times > 1}
        self.computed = {}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = self.value(node.value)
            name = node.targets[0].id
            if self.lines and self.lines[-1].startswith(f"{text} = ") and text in self.fresh:
                self.lines[-1] = name + self.lines[-1][len(text):]
            elif text.startswith("np.full(") and name not in self.added_to:
                slot = self.slot()
                self.lines.append(f"{name} = {slot} = {text} if {slot} is None else {slot}")
            else:
                self.lines.append(f"{name} = {text}")
        elif isinstance(node, ast.Assign):
            self.into(ast.unparse(node.targets[0]).removesuffix("[...]"), node.value)
        elif isinstance(node, ast.AugAssign):
            target = ast.unparse(node.target)
            value = self.value(node.value)
            if isinstance(node.target, ast.Name) or target.endswith("[...]"):
                place = target.removesuffix("[...]")
                self.lines.append(f"np.add({place}, {value}, {place})")
            else:
                self.lines.append(f"{target} += {value}")
        else:
            self.lines.append(ast.unparse(node))

    def into(self, place: str, value: ast.expr) -> None:
        """A value written to an array that is already there."""
        if place in self.vectors and isinstance(value, ast.Call) and ast.unparse(value).endswith(".sum(axis=0)"):
            # A vector's sum over the batch, quicker as a product of matrices than as a reduction.
            array = self.value(value.func.value)  # type: ignore[attr-defined]
            self.lines.append(f"np.matmul({self.ones()}, {array}, out={place})")
            return
        call = self.call(value)
        if call is None:
            self.lines.append(f"{place}[...] = {self.value(value)}")
        elif call[1]:
            self.lines.append(call[0].format(out=place))
        else:
            self.lines.append(f"{place}[...] = {call[0]}")

    def ones(self) -> str:
        """The name of a vector of n ones, kept from run to run."""
        if not self.has_ones:
            self.has_ones = True
            slot = self.slot()
            self.lines.append(f"_ones = {slot} = np.ones(n, theta.dtype) if {slot} is None else {slot}")
        return "_ones"

    # ── expressions ──────────────────────────────────────────────────────────────────────────

    def value(self, node: ast.expr) -> str:
        """The text of an expression whose arithmetic has been moved to statements before it."""
        text = ast.unparse(node)
        if text not in self.repeated:
            return self.moved(node)
        if text not in self.computed:
            self.computed[text] = self.moved(node)
            self.fresh.discard(self.computed[text])
        return self.computed[text]

    def moved(self, node: ast.expr) -> str:
        """Like `value`, for an expression that was not computed before."""
        call = None if _is_number(node) else self.call(node)
        if call is None:
            return self.view(node)
        text, takes_out, reuse = call[0], call[1], call[2]
        if not takes_out:
            return text
        if reuse is not None:
            name = self.temporary()
            self.lines.append(f"{name} = {text.format(out=reuse)}")
            return name
        slot = self.slot()
        name = self.temporary()
        self.lines.append(f"{name} = {slot} = {text.format(out=slot)}")
        if isinstance(node, ast.Compare):
            self.truths.add(name)
        return name

    def slot(self) -> str:
        """A buffer that nothing else uses."""
        self.slots += 1
        return f"_b[{self.slots - 1}]"

    def temporary(self) -> str:
        name = f"_t{self.slots}_{len(self.lines)}" if f"_t{self.slots}" in self.fresh else f"_t{self.slots - 1}"
        self.fresh.add(name)
        return name

    def call(self, node: ast.expr) -> tuple[str, bool, str | None] | None:
        """A ufunc call with a place for `out`, whether it has one, and a temporary it may overwrite."""
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value == 2:
                return self.ufunc("square", [node.left])
            return self.ufunc(BINARY[type(node.op)], [node.left, node.right])
        if isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
            return self.ufunc("negative", [node.operand])
        if isinstance(node, ast.Compare):
            return self.ufunc(BINARY[type(node.ops[0])], [node.left, node.comparators[0]], boolean=True)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        name, owner = node.func.attr, ast.unparse(node.func.value)
        if owner == "np" and name in UFUNCS:
            return self.ufunc(name, node.args)
        if owner == "np" and name in REDUCE:
            return self.reduce(REDUCE[name], node.args[0], node.keywords)
        if owner != "np" and name == "mean":
            array = self.value(node.func.value)
            return f"np.add.reduce({array}, None) / {array}.size", False, None
        if owner != "np" and name == "copy":
            return self.ufunc("positive", [node.func.value])
        if owner != "np" and name == "sum":
            return self.reduce("add", node.func.value, node.keywords)
        if owner == "np" and name == "einsum":
            parts = [ast.unparse(node.args[0]), *map(self.value, node.args[1:])]
            return f"np.einsum({', '.join(parts)}, out={{out}})", True, None
        return None

    def ufunc(self, name: str, args: list[ast.expr], boolean: bool = False) -> tuple[str, bool, str | None]:
        """A ufunc call; it may overwrite a temporary if its other operands are plain numbers."""
        texts = [self.value(arg) for arg in args]
        numbers = [_is_number(arg) for arg in args]
        if all(numbers):
            return f"np.{name}({', '.join(texts)})", False, None
        temporaries = [t for t in texts if t in self.fresh and t not in self.truths]
        alone = len(args) - sum(numbers) == 1 and not boolean
        # A matrix product with weights already has the shape of the sum it is a term of.
        whole = name in ("add", "subtract") and isinstance(args[0], ast.BinOp) and _starts_with_product(args[0])
        reuse = temporaries[0] if temporaries and (alone or whole) and name != "matmul" else None
        return f"np.{name}({', '.join(texts)}, out={{out}})", True, reuse

    def reduce(self, name: str, arg: ast.expr, keywords: list[ast.keyword]) -> tuple[str, bool, str | None]:
        """np.sum and its kin as the reduce of a ufunc, which is quicker to call."""
        options = {k.arg: ast.unparse(k.value) for k in keywords}
        keep = options.get("keepdims", "False")
        dtype = options.get("dtype", "None")
        return f"np.{name}.reduce({self.value(arg)}, {options['axis']}, {dtype}, {{out}}, {keep})", True, None

    def view(self, node: ast.expr) -> str:
        """An expression without arithmetic at its top: a name, a number, a view, a gather."""
        if isinstance(node, ast.Attribute):
            return f"{self.value(node.value)}.{node.attr}"
        if isinstance(node, ast.Subscript):
            base = self.value(node.value)
            index = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
            if isinstance(index, ast.Name) and index.id in self.constants:
                slot = self.slot()
                name = self.temporary()
                self.lines.append(f'{name} = {slot} = np.take({base}, {index.id}, -1, {slot}, "clip")')
                return name
            return base + ast.unparse(ast.Subscript(ast.Name("_"), node.slice))[1:]
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS:
                arguments = [ast.unparse(argument) for argument in (*node.args, *node.keywords)]
                return f"{self.value(node.func.value)}.{node.func.attr}({', '.join(arguments)})"
            arguments = [*map(self.value, node.args), *map(ast.unparse, node.keywords)]
            return f"{ast.unparse(node.func)}({', '.join(arguments)})"
        return ast.unparse(node)


def _is_number(node: ast.expr) -> bool:
    """Whether an expression is made of plain numbers and n, the length of the batch."""
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.Compare):
        return _is_number(node.left) and _is_number(node.comparators[0])
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).startswith("np.") and not node.keywords and all(map(_is_number, node.args))
    return isinstance(node, ast.Constant) or ast.unparse(node) in ("n", "np.inf", "np.nan")


def _starts_with_product(node: ast.expr) -> bool:
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        node = node.left
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def lower(source: str, constants: set[str], slots: int = 0, vectors: set[str] | None = None) -> tuple[str, int]:
    """The statements with buffers from number `slots` on, and the next number.

    `constants` names the index arrays, `vectors` the places of one axis that are written to.
    """
    statements = statements_of(source)
    added_to = {ast.unparse(s.target).split("[")[0] for s in statements if isinstance(s, ast.AugAssign)}
    lowering = _Lowering(constants, vectors or set(), added_to, slots)
    for statement in statements:
        lowering.statement(statement)
    return "\n".join(lowering.lines), lowering.slots
