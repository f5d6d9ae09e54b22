"""What tests read back from drawings and pages."""

import json
import re
import xml.etree.ElementTree as ET

from autograd import Value


def first_example(differentiated=True):
    """f = (x + y) · z at (-2, 5, -4)."""
    x, y, z = Value(-2.0, "x"), Value(5.0, "y"), Value(-4.0, "z")
    q = x + y
    q.label = "q"
    f = q * z
    f.label = "f"
    if differentiated:
        f.backward()
    return f


def texts(drawing):
    """The texts of a drawing, in order; Graphviz writes repeated blanks as no-break spaces."""
    root = ET.fromstring(drawing.svg())
    return ["".join(t.itertext()).replace("\xa0", " ") for t in root.iter("{http://www.w3.org/2000/svg}text")]


def data_of(page):
    """What the script of a page knows."""
    return json.loads(re.search(r'<script type="application/json" id="walk">(.*?)</script>', page, re.S)[1])


def contrast(a, b):
    """How far two colours stand apart, from 1 to 21, as WCAG 2.1 counts."""
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    """Relative luminance, as in WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
