"""The documentation: `python -m sphinx docs build/site` makes it. Why Sphinx: see about.md, under the extra `docs`."""

import sys
import tomllib
from pathlib import Path

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT), str(ROOT / "tests")]

import generate

from viz.style import THEMES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT.get("urls", {}).get("Repository", "")

project, version, release = PROJECT["name"], PROJECT["version"], PROJECT["version"]
html_title = project
html_theme = "furo"
html_theme_options = {
    f"{name}_css_variables": {
        "color-background-primary": colours.background, "color-background-secondary": colours.background,
        "color-brand-primary": colours.value, "color-brand-content": colours.value,
        "color-brand-visited": colours.value, "font-stack": "Helvetica, Arial, sans-serif",
    }
    for name, colours in THEMES.items()
}
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_extra_path = ["made/alone"]
html_show_copyright = html_show_sphinx = html_copy_source = False

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode"]
exclude_patterns = ["made"]
suppress_warnings = ["myst.header"]  # notebooks begin some parts with a small title

nb_execution_mode = "off"  # notebooks are shown as they are stored
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # docstrings name things in `single quotes`, as Markdown does
add_module_names = toc_object_entries = False
autosummary_generate = False
autodoc_type_aliases = {name: name for name in ("npt.ArrayLike", "npt.DTypeLike", "Loss", "Array")}
autodoc_member_order = "bysource"
maximum_signature_line_length = 90
html_math_renderer = "mathml"  # browsers lay it out, without a script


def mathml(writer, node):
    """Write a formula as MathML."""
    block = node.__class__.__name__ == "math_block"
    writer.body.append(convert(node.astext(), display="block" if block else "inline"))
    raise SkipNode


def setup(app):
    """What Sphinx does besides: it makes what is not written, writes formulas, and checks the reference."""
    app.add_html_math_renderer("mathml", (mathml, None), (mathml, None))
    app.connect("config-inited", lambda app, config: generate.everything(DOCS, REPOSITORY))
    app.add_transform(generate.BothThemes)
    app.connect("autodoc-process-docstring", lambda app, what, name, thing, options, lines: generate.plain(lines))
    app.connect("env-check-consistency", lambda app, env: generate.check(env))
