"""A digit somewhere in a picture, made such as those that models have learned from.

The pictures of MNIST were made so: a digit was cut out, scaled to fit into a square of 20 × 20 pixels, and laid on
28 × 28 pixels with its centre of mass in the middle; the ground is 0, the ink goes up to 1. The 8 × 8 pictures of
`nn.data.digits` are filled from top to bottom.

Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nn.examples import FloatArray

BOXES = {8: 8, 28: 20}
"""For pictures of so many pixels a side, the side of the square into which the ink fits."""

FINE = 84
"""The longest side, in pixels, of what is searched for ink; what is larger is averaged over areas first."""

FAINT = 0.2
"""What is brighter than this share of the brightest ink is ink."""

Places = npt.NDArray[np.intp]


def normalized(picture: FloatArray, side: int) -> tuple[FloatArray, str]:
    """The ink of a picture as a square of `side` pixels, and what is wrong with it in words, if anything.

    `picture` has shape (height, width), with light ink on a dark ground that may be lit unevenly. `side` is one of
    `BOXES`.
    """
    coarse = reduced(picture, FINE)
    ink, noise = without_ground(coarse)
    soft = ink
    if noise > 0.05 * ink.max():
        soft, noise = smoothed(ink), 0.375 * noise  # √(1² + 2² + 1²)/4 along either axis
    brightest = soft.max()
    if brightest <= max(6 * noise, 0.02):
        return np.zeros((side, side)), "there is no ink to be seen"
    parts = connected(soft > max(FAINT * brightest, min(5 * noise, brightest / 2)))
    weights = np.array([ink[tuple(part.T)].sum() for part in parts])
    parts = [part for part, weight in zip(parts, weights, strict=True) if weight > 0.05 * weights.max()]
    places = np.concatenate(parts)
    (top, left), (bottom, right) = places.min(0), places.max(0) + 1
    box = bottom - top, right - left
    wrong = complaint(parts, box)
    if max(picture.shape) > FINE and max(box) < FINE / 3:  # a closer look, at less than three quarters of it
        margin, scale = max(box) // 2 + 2, max(picture.shape) / FINE
        rows, columns = (slice(max(int(scale * (start - margin)), 0), math.ceil(scale * (stop + margin)))
                         for start, stop in ((top, bottom), (left, right)))
        closer, also = normalized(picture[rows, columns], side)
        return closer, wrong or also
    near = np.zeros(ink.shape)
    near[tuple(places.T)] = 1
    full = np.quantile(ink[tuple(places.T)], 0.9)
    if noise > 0.04 * full:
        ink = soft
    clean = np.clip(np.where(smoothed(near) > 0, ink, 0) / full, 0, 1)[top:bottom, left:right]
    return centred(scaled(clean, BOXES[side]), side), wrong


# ── the ground ───────────────────────────────────────────────────────────────────────────────


def without_ground(picture: FloatArray) -> tuple[FloatArray, float]:
    """A picture less its ground, and the standard deviation of what is left of that.

    The ground is a polynomial of second degree in the place, as paper is lit unevenly. It is fitted to the darker half
    at first; but where that leaves places darker than the ground, there was ink in it: then to the commonest pixels.
    """
    level, lowest, highest = commonest(picture), picture.min(), picture.max()
    halves = fitted_ground(picture, picture <= (lowest + highest) / 2)
    flat = fitted_ground(picture, picture <= level + 0.1 * (highest - level))
    return halves if halves[1] <= flat[1] + 0.02 * (highest - lowest) else flat


def fitted_ground(picture: FloatArray, dark: npt.NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """The ground fitted to these pixels, then to those no brighter than noise would make them, and its noise."""
    height, width = picture.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    powers = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1)
    pixels, dark = picture.ravel(), dark.ravel()
    for _ in range(10):
        fit = powers[:, dark] @ powers[:, dark].T, powers[:, dark] @ pixels[dark]  # least squares by normal equations
        rest = pixels - np.linalg.lstsq(*fit, rcond=None)[0] @ powers
        level = commonest(rest)
        noise = spread(level - rest[rest <= level])
        before, dark = dark, rest <= level + max(3 * noise, 0.1 * (rest.max() - level))
        if (before == dark).all():
            break
    return (rest - level).reshape(picture.shape), noise


def commonest(numbers: FloatArray) -> float:
    """About where most numbers lie: the middle of the shortest interval that holds a quarter of them.

    Where that is among the largest, as where ink covers most of a picture, the same of the smaller half.
    """
    ordered = np.sort(numbers, axis=None)
    n = max(1, len(ordered) // 4)
    start = int(np.argmin(np.round(ordered[n:] - ordered[:-n], 6))) if n < len(ordered) else 0
    level, lowest, extent = float(ordered[start + n // 2]), ordered[0], ordered[-1] - ordered[0]
    return level if level <= lowest + 0.75 * extent else commonest(ordered[ordered <= lowest + 0.5 * extent])


def spread(distances: FloatArray) -> float:
    """The standard deviation of a normal distribution of which half the distances from its middle are given."""
    return 1.4826 * float(np.median(distances)) if distances.size else 0.0


# ── the ink ──────────────────────────────────────────────────────────────────────────────────


def smoothed(picture: FloatArray) -> FloatArray:
    """Each pixel as a mean of its neighbourhood of 3 × 3, with the weights 1, 2, 1 along either axis."""
    padded = np.pad(picture, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16


def connected(mask: npt.NDArray[np.bool_]) -> list[Places]:
    """The parts of a mask that hang together, also by corners: the places of each, shape (pixels, 2)."""
    left = set(zip(*(axis.tolist() for axis in mask.nonzero()), strict=True))
    parts = []
    while left:
        part = [left.pop()]
        for y, x in part:
            near = left.intersection((y + down, x + right) for down in (-1, 0, 1) for right in (-1, 0, 1))
            left -= near
            part += near
        parts.append(np.array(part))
    return parts


def complaint(parts: list[Places], box: tuple[int, int]) -> str:
    """In what the ink does not look like one digit; empty where it does."""
    height, width = box
    spans = sorted((part[:, 1].min(), part[:, 1].max()) for part in parts if len(part) > 0.15 * max(map(len, parts)))
    groups, end = 0, -math.inf
    for first, last in spans:
        groups += first > end + 0.1 * height
        end = max(end, last)
    if groups > 1:
        return f"the ink looks like {groups} digits side by side: cut out one of them"
    if width > 2 * height:
        return "the ink is much wider than a digit"
    if len(parts) > 5:
        return f"the ink is in {len(parts)} pieces, a digit has one or two"
    if sum(map(len, parts)) > 0.85 * height * width and width > 0.5 * height:
        return "the ink fills an area, a digit is made of lines"
    return ""


# ── size and place ───────────────────────────────────────────────────────────────────────────


def overlaps(new: int, old: int) -> FloatArray:
    """The share of each of `old` equal parts of a line in each of `new` ones; every row sums to 1."""
    starts, others = np.arange(new)[:, None] * old, np.arange(old)[None, :] * new  # in units of 1/(old · new)
    shared = np.minimum(starts + old, others + new) - np.maximum(starts, others)
    shares: FloatArray = np.maximum(shared, 0) / old
    return shares


def scaled(picture: FloatArray, longest: int) -> FloatArray:
    """A picture of which the longer side has so many pixels, averaged over areas."""
    height, width = (max(1, round(n * longest / max(picture.shape))) for n in picture.shape)
    return overlaps(height, picture.shape[0]) @ picture @ overlaps(width, picture.shape[1]).T


def reduced(picture: FloatArray, longest: int) -> FloatArray:
    """A picture of which the longer side has at most so many pixels."""
    return scaled(picture, longest) if max(picture.shape) > longest else picture


def centred(ink: FloatArray, side: int) -> FloatArray:
    """Ink on a square ground of 0, its brightest at 1, its centre of mass in the middle as far as there is room."""
    square = np.zeros((side, side))
    height, width = ink.shape
    down, right = (
        min(max(round(side / 2 - ink.sum(axis) @ np.arange(n) / ink.sum()), 0), side - n)
        for axis, n in ((1, height), (0, width)))
    square[down : down + height, right : right + width] = ink / ink.max()
    return square
