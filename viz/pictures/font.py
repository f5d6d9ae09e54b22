"""The font of formulas: a part of Latin Modern Math with the characters that pages write, small enough to be in each.

Fractions, roots and brackets need a font that says where a bar is and how thick, and few systems have one. Once,
with `pip install "fonttools[woff]"` and the font of https://ctan.org/pkg/lm-math,

    python -m viz.pictures.font latinmodern-math.otf

wrote viz/pages/static/math.woff2. The licence of the font, viz/pages/static/math-LICENSE.txt, asks that one
that was changed has another name.
"""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from autograd.notation import GREEK
from viz.pages.web import MATH_FONT
from viz.text.tokens import forms

FILE = Path(__file__).parents[1] / "pages" / "static" / "math.woff2"

ITALIC, ITALIC_GREEK = 0x1D434, 0x1D6E2
"""Where Unicode has the letters A and Α of mathematics; a single letter is written with these."""

PLANCK = 0x210E
"""The italic h, which Unicode has as a constant of physics."""

BRACKETS = "()[]{}|"
TALLEST, BEARING = 2100, 40
"""Brackets have no variants taller than this, which is a fraction's height, nor wider spaces at their sides: a browser
gives each bracket, however small, the room of its widest variant. In thousandths of the size of text."""

SIGNS = "∞≈√·−∂\N{NO-BREAK SPACE}"
"""Signs beside those of operations: of sentences, of numbers, and the roots."""


def italic(letter: str) -> int:
    """The code of a letter as mathematics writes it: 𝑥 for x, 𝛼 for α.

    >>> chr(italic("x")), chr(italic("h")), chr(italic("α")), chr(italic("ϵ"))
    ('𝑥', 'ℎ', '𝛼', '𝜖')
    """
    variants = "∂ϵϑϰϕϱϖ"  # these come after ω
    if letter == "h":
        return PLANCK
    if letter in variants:
        return ITALIC_GREEK + 51 + variants.index(letter)
    if letter.isascii():
        return ITALIC + string.ascii_letters.index(letter.swapcase())
    return ITALIC_GREEK + (ord(letter) - ord("α") + 26 if letter.islower() else ord(letter) - ord("Α"))


def characters() -> set[int]:
    """The codes of all characters that formulas are written with, but for those of other people's names."""
    templates = [piece for form in forms().values() for piece in form["math"]["template"] if isinstance(piece, str)]
    written = re.sub("<[^>]*>", "", "".join(templates)) + string.printable[:95] + SIGNS
    letters = {*string.ascii_letters, *GREEK.values(), *(sign for sign in written if "Α" <= sign <= "ω")}
    return {ord(character) for character in written} | {italic(letter) for letter in letters}


def narrow(font: TTFont) -> None:
    """Take from brackets the tallest variants, and from the others the spaces at their sides."""
    variants, names, glyphs = font["MATH"].table.MathVariants, font.getBestCmap(), font.getGlyphSet()
    outlines = font["CFF "].cff.topDictIndex[0].CharStrings
    constructions = dict(zip(variants.VertGlyphCoverage.glyphs, variants.VertGlyphConstruction, strict=True))
    for bracket in (names[ord(bracket)] for bracket in BRACKETS):
        construction = constructions[bracket]
        construction.GlyphAssembly = None
        kept = [each for each in construction.MathGlyphVariantRecord if each.AdvanceMeasurement <= TALLEST]
        construction.MathGlyphVariantRecord = kept
        for name in (each.VariantGlyph for each in kept[1:]):
            bounds = BoundsPen(glyphs)
            glyphs[name].draw(bounds)
            left, _, right, _ = bounds.bounds
            advance = round(right - left) + 2 * BEARING
            pen = T2CharStringPen(advance, glyphs)
            glyphs[name].draw(TransformPen(pen, (1, 0, 0, 1, BEARING - left, 0)))
            outlines[name] = pen.getCharString(outlines[name].private, outlines[name].globalSubrs)
            font["hmtx"][name] = (advance, BEARING)


def main(source: str) -> None:
    """Write the part of a font file."""
    font = TTFont(source, recalcTimestamp=False)
    narrow(font)
    options = subset.Options(layout_features=[], hinting=False, name_IDs=[0, 1, 2, 4, 5, 6, 13, 14])
    options.drop_tables += ["FFTM"]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=characters())
    cut.subset(font)
    missing = characters() - set(font.getBestCmap())
    assert not missing, [chr(code) for code in missing]
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = MATH_FONT.replace(" ", "") if record.nameID == 6 else MATH_FONT
    font["CFF "].cff.fontNames[0] = MATH_FONT.replace(" ", "")
    font.flavor = "woff2"
    font.save(FILE)
    print(f"{FILE}: {len(characters())} characters, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
