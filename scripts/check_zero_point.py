#!/usr/bin/python3
"""Scatter of the photometric zero point of SDSS catalogues against a reference catalogue.

    check_zero_point.py CATALOGUE [CATALOGUE …] --ref-cat DIRECTORY [--stack CATALOGUE [--check]]

A CATALOGUE is a src-….fits, a directory that is searched for them, or the text of the LSST stack's
demo (detected-sources.txt). The band and the frame follow from the source ids. DIRECTORY holds the
shards of the reference catalogue.

Per frame: how many stars, the median and the scatter (1.4826 × median absolute deviation) of
reference magnitude + 2.5 log10 PSF counts. The stars are sources with base_PsfFlux S/N > 50,
extendedness 0, no edge, interpolated or saturated pixel in their footprint, and no other row of the
catalogue within 5 pixels (which leaves out blends: they stand at the place of a child), matched one
to one within 0.5 arcsec to reference objects whose flux is known to 5 %. With this the stack's own
catalogue of run 4192 gives u 25, g 13, r 18, i 17, z 12 mmag.

--flux NAME takes another flux than base_PsfFlux; the stars stay the same.

With --stack, with or without --check, the exit code is 1 when the mean over griz is not below the
stack's, or a frame is worse than the stack's by more than 1 mmag. Frames that the stack's catalogue
lacks are not judged; when it lacks all of them, the exit code is 1, too.
"""

import sys
from pathlib import Path

import numpy as np

from catalogues import (by_frame, exit_code, mad, nearest, option_parser, products, read_catalogue,
                        read_references)

LOWEST_SNR = 50
LARGEST_REFERENCE_ERROR = 0.05  # of the flux
MATCH_RADIUS = 500.0  # mas
ISOLATION = 5.0  # pixel
ALLOWED_WORSE = 1.0  # mmag

FLAGS = ("base_PixelFlags_flag_edge", "base_PixelFlags_flag_interpolated",
         "base_PixelFlags_flag_saturated")
NUMBERS = ("coord_ra", "coord_dec", "base_SdssCentroid_x", "base_SdssCentroid_y",
           "base_PsfFlux_instFlux", "base_PsfFlux_instFluxErr",
           "base_ClassificationExtendedness_value")


def frames_of(path, flux):
    """The rows of each frame: {Frame: table}."""
    names = ("id", *FLAGS, *NUMBERS, flux + "_instFlux")
    frames = {}
    for file in products(path, "src"):
        table = read_catalogue(file, names)
        missing = [name for name in names if name not in table]
        if missing:
            sys.exit(f"{file}: lacks {', '.join(missing)}")
        frames.update(by_frame(table))
    return frames


def zero_point(table, references, band, flux):
    """Number of stars, median [mag] and scatter [mmag] of the zero point."""
    x, y = table["base_SdssCentroid_x"], table["base_SdssCentroid_y"]
    distance = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    np.fill_diagonal(distance, np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        good = table["base_PsfFlux_instFlux"] > LOWEST_SNR * table["base_PsfFlux_instFluxErr"]
        good &= table["base_ClassificationExtendedness_value"] == 0
        good &= distance.min(axis=1) > ISOLATION
        for flag in FLAGS:
            good &= ~table[flag]
        stars = {name: values[good] for name, values in table.items()}
        source, reference, _, mutual = nearest(stars["coord_ra"], stars["coord_dec"], references,
                                               MATCH_RADIUS)
        source, reference = source[mutual], reference[mutual]
        known = references[band + "_flux"][reference]
        certain = references[band + "_fluxErr"][reference] < LARGEST_REFERENCE_ERROR * known
        magnitude = 31.4 - 2.5 * np.log10(known)  # of nJy
        zero = magnitude + 2.5 * np.log10(stars[flux + "_instFlux"][source])
    zero = zero[certain & np.isfinite(zero)]
    if len(zero) < 2:
        return len(zero), float("nan"), float("nan")
    return len(zero), np.median(zero), 1000 * mad(zero)


def main():
    parser = option_parser(__doc__)
    parser.add_argument("catalogues", nargs="+", type=Path, metavar="CATALOGUE")
    parser.add_argument("--ref-cat", required=True, metavar="DIRECTORY")
    parser.add_argument("--flux", default="base_PsfFlux", metavar="NAME")
    parser.add_argument("--stack", type=Path, metavar="CATALOGUE")
    options = parser.parse_args()
    if options.check and not options.stack:
        parser.error("--check compares with the stack: give --stack CATALOGUE")

    references = read_references(options.ref_cat)
    stack = frames_of(options.stack, "base_PsfFlux") if options.stack else {}
    frames = {}
    for path in options.catalogues:
        frames.update(frames_of(path, options.flux))

    failures = []
    ours, theirs = [], []
    print("frame                stars  zero point   mmag" + ("   stack" if stack else ""))
    for frame in sorted(frames):
        count, median, scatter = zero_point(frames[frame], references, frame.band, options.flux)
        line = f"{frame}   {count:8d}  {median:10.4f} {scatter:6.1f}"
        if frame in stack:
            expected = zero_point(stack[frame], references, frame.band, "base_PsfFlux")[2]
            line += f"  {expected:6.1f}"
            if frame.band != "u":
                theirs.append(expected)
            if frame.band != "u" and not scatter <= expected + ALLOWED_WORSE:
                failures.append(f"{frame}: {scatter:.1f} mmag, the stack {expected:.1f}")
        if frame.band != "u" and (not stack or frame in stack):
            ours.append(scatter)
        print(line)
    if ours:
        line = f"mean over griz {' ' * 21}{np.mean(ours):10.1f}"
        print(line + (f"  {np.mean(theirs):6.1f}" if theirs else ""))
    if theirs and not np.mean(ours) < np.mean(theirs):
        failures.append(f"mean {np.mean(ours):.2f} mmag, the stack {np.mean(theirs):.2f}")
    if options.stack and not theirs:
        failures.append("no frame in g, r, i or z is in the stack's catalogue, too")
    return exit_code(options.stack is not None, failures)


if __name__ == "__main__":
    sys.exit(main())
