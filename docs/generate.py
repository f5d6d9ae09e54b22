"""What the documentation has besides its pages: the course, the reference, and pages that move, made at each build."""

import importlib
import inspect
import json
import shutil

import examples
import public_api
from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.logging import getLogger

from autograd import ops
from autograd.formula import Formula

COLAB = "https://colab.research.google.com/github/{}/blob/main/notebooks/{}"


def everything(docs, repository):
    """Write all that is made into folders below docs/ that git ignores."""
    for name in ("course", "reference", "made"):
        shutil.rmtree(docs / name, ignore_errors=True)
        (docs / name).mkdir()
    for notebook in sorted((docs.parent / "notebooks").glob("*.ipynb")):
        (docs / "course" / notebook.name).write_text(with_links(notebook, repository), encoding="utf-8")
    for name in public_api.PACKAGES:
        (docs / "reference" / f"{name}.rst").write_text(reference(name), encoding="utf-8")
    examples.write(docs / "made")


class BothThemes(SphinxTransform):
    """Beside a picture NAME-light.svg comes NAME-dark.svg; the page shows the one that fits its colours."""

    default_priority = 200

    def apply(self):
        """Add the dark pictures of a page."""
        for light in list(self.document.findall(nodes.image)):
            if "-light." in light["uri"]:
                dark = light.deepcopy()
                dark["uri"] = light["uri"].replace("-light.", "-dark.")
                light["classes"].append("only-light")
                dark["classes"].append("only-dark")
                light.parent.insert(light.parent.index(light) + 1, dark)


# ── the course ───────────────────────────────────────────────────────────────────────────────


def with_links(notebook, repository):
    """The text of a notebook with the ways to run it under its title."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    ways = [f"{{download}}`Download this notebook <../../notebooks/{notebook.name}>`"]
    if repository:
        ways.append(f"[Open in Colab]({COLAB.format(repository.removeprefix('https://github.com/'), notebook.name)})")
    title, *others = content["cells"][0]["source"]
    content["cells"][0]["source"] = [title, "\n", " · ".join(ways), "\n\n", *others]
    return json.dumps(content)


# ── the reference ────────────────────────────────────────────────────────────────────────────


MODULES = {name: importlib.import_module(name) for name in public_api.PACKAGES}


def described_in(package):
    """The public names that the page of a package describes, and those that the page of the package around it does."""
    around = vars(MODULES.get(package.rpartition(".")[0], public_api))
    things = {name: getattr(MODULES[package], name) for name in public_api.names(MODULES[package])}
    own = {name: thing for name, thing in things.items() if around.get(name) is not thing}
    return own, [name for name in things if name not in own]


def kind(thing):
    """The part of the page on which a public name is described."""
    if isinstance(thing, ops.Op):
        return "Operations"
    if inspect.isclass(thing):
        return "Errors" if issubclass(thing, Exception) else "Classes"
    if inspect.ismodule(thing):
        return "Modules"
    return "Functions" if callable(thing) else "Tables"


def reference(package):
    """The page of a package: the public names of each kind, as an overview and then from the docstrings."""
    things, others = described_in(package)
    lines = [package, "=" * len(package), "", f".. automodule:: {package}", "   :no-members:", ""]
    if others:
        around = package.rpartition(".")[0]
        lines += ["Also here: " + ", ".join(f"`{around}.{name}`" for name in others) + ".", ""]
    for part in ("Functions", "Classes", "Operations", "Tables", "Errors"):
        names = [name for name, thing in things.items() if kind(thing) == part]
        if names:
            lines += [part, "-" * len(part), ""]
            if part not in ("Operations", "Tables"):
                lines += [".. autosummary::", "   :nosignatures:", "", *(f"   {name}" for name in names), ""]
            lines += [line for name in names for line in described(name, things[name])]
    return "\n".join(lines)


def described(name, thing):
    """The lines of the reference about one public name."""
    if isinstance(thing, ops.Op):
        return operation(name, thing)
    if isinstance(thing, dict):
        return [f".. py:data:: {name}", "", f"   {', '.join(f'``{key}``' for key in thing)}", ""]
    if not inspect.isclass(thing):
        return [f".. autofunction:: {name}", ""]
    others = [base.__name__ for base in thing.__mro__[1:] if base in public_api.PUBLIC or not public_api.own(base)]
    return [f".. autoclass:: {name}", "   :members:", "   :undoc-members:", "   :show-inheritance:",
            f"   :inherited-members: {', '.join(others)}", ""]


def operation(name, op):
    """A row of the table of operations: its formula, and its derivative for each operand as the row's rule says."""
    if isinstance(op, ops.Contraction):
        call, operands = "ws, xs, b=None", ("w₁", "w₂", "x₁", "x₂")
    elif isinstance(op, ops.Reduction):
        call, operands = "*xs", ("x₁", "x₂")
    else:
        first = op.arity - len(op.defaults)
        defaults = dict(zip(op.operands[first:], op.defaults, strict=True))
        call = ", ".join(f"{x}={defaults[x]}" if x in defaults else x for x in op.operands)
        operands = op.operands
    args = tuple(Formula(x) for x in operands)
    lines = [f".. py:function:: {name}({call})", "", f"   ``f = {op.dispatch(args)}``"]
    if op.recorded:
        slopes = zip(operands, op.partials(Formula("f"), args), strict=True)
        lines += ["", *(f"   | ``∂f/∂{x} = {slope}``" for x, slope in slopes)]
    return [*lines, ""]


def plain(lines):
    """Let bars in a docstring be those of mathematics, |x|, outside of code; `lines` is changed."""
    example = False
    for i, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example:
            parts = line.split("`")
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[i] = "`".join(parts)


def check(env):
    """Complain of public names, and of members of public classes, that the reference has left out."""
    known = {name for name, *_ in env.get_domain("py").get_objects()}
    for package in MODULES:
        for name, thing in described_in(package)[0].items():
            members = public_api.members(thing) if inspect.isclass(thing) else []
            parts = [name, *(f"{name}.{member.partition('(')[0]}" for member in members if "__init__" not in member)]
            for part in parts:
                if f"{package}.{part}" not in known and not inspect.ismodule(thing):
                    getLogger(__name__).warning("%s.%s is not in the reference", package, part)
