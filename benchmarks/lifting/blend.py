"""Blend modes of pictures: how a layer on top changes what lies below, the shades from 0 to 255 as real numbers."""

import numpy as np

from autograd import eq, gt, where
from benchmarks.lifting.kernel import Kernel, pixels


def blended(mode):
    """The loops over rows and columns of pictures, which all modes share, with the rule of one for a pair of pixels."""

    def loops(base, active):
        out = []
        for row in range(len(base)):
            out.append([mode(base[row][column], active[row][column]) for column in range(len(base[0]))])
        return out

    return loops


def overlay(b, a):
    """A screen where the base is light, a product where it is dark."""
    return where(gt(b, 127), 2 * b + 2 * a - 2 * b * a / 255 - 255, 2 * b * a / 255)


def overlay_hand(base, active):
    part = base * active
    part *= 2 / 255
    return np.where(base > 127, 2 * (base + active) - part - 255, part)


def dissolve(opacity, base, active, chance):
    """A pixel of the layer on top where its opacity is not less than a number drawn for the pixel."""
    return [[where(gt(chance[i][j], opacity), base[i][j], active[i][j]) for j in range(len(base[0]))]
            for i in range(len(base))]


def picture(mode, hand):
    """A mode for two pictures."""
    return Kernel("", "base:mn active:mn", blended(mode), hand, pixels)


KERNELS = {
    "normal_blend_f": Kernel(
        "part", "base:n active:n",
        lambda part, base, active: [part * active[i] + (1 - part) * base[i] for i in range(len(base))],
        lambda part, base, active: part * (active - base) + base),
    "normal_blend_8": Kernel(
        "part", "base:n active:n",
        lambda part, base, active: [(part * active[i] + (255 - part) * base[i]) / 255 for i in range(len(base))],
        lambda part, base, active: part / 255 * (active - base) + base, pixels),
    "darken_blend_8": picture(lambda b, a: where(gt(b, a), a, b), lambda base, active: np.minimum(base, active)),
    "lighten_blend_8": picture(lambda b, a: where(gt(a, b), a, b), lambda base, active: np.maximum(base, active)),
    "multiply_blend_8": picture(lambda b, a: b * a / 255, lambda base, active: base * active / 255),
    "screen_blend_8": picture(lambda b, a: b + a - b * a / 255,
                              lambda base, active: base + active - base * active / 255),
    "linear_burn_8": picture(lambda b, a: b + a - 255, lambda base, active: base + active - 255),
    "linear_dodge_8": picture(lambda b, a: b + a, lambda base, active: base + active),
    "color_burn_8": picture(lambda b, a: where(eq(a, 0), 255.0, 255 - (255 - b) / a),
                            lambda base, active: np.where(active == 0, 255, 255 - (255 - base) / active)),
    "color_dodge_8": picture(lambda b, a: where(eq(a, 255), 255.0, b / (255 - a)),
                             lambda base, active: np.where(active == 255, 255, base / (255 - active))),
    "overlay_blend_8": picture(overlay, overlay_hand),
    "dissolve_blend_8": Kernel("opacity", "base:mn active:mn chance:mn", dissolve,
                               lambda opacity, base, active, chance: np.where(chance > opacity, base, active), pixels),
}
