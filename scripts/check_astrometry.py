#!/usr/bin/python3
"""Where the stars left out of the WCS fit of SDSS frames lie, against the reference catalogue.

    for k in 0 1 2 3 4; do
      almagest process-ccd REPO --output OUT$k --id -c astrometry.reserve=0.2 astrometry.reserve_from=0.$((2 * k))
    done
    check_astrometry.py OUT0 OUT1 OUT2 OUT3 OUT4 --ref-cat DIRECTORY [--check]

Each run leaves out another fifth of the stars (calib_astrometry_reserved), so that together every
star is judged by a fit without it. Per frame: how many, and of source − reference in right
ascension (true arc) and declination the median, the scatter (1.4826 × median absolute deviation)
and the standard deviation, in mas. DIRECTORY holds the shards of the reference catalogue.
Sources are matched to their nearest object within 0.5 arcsec, so a gross error is no match; their
number is printed.

With --check the exit code is 1 when a median in g, r, i or z is beyond 10 mas, a scatter beyond
30 mas, a frame has no star left out, or a catalogue has no source.
"""

import sys
from pathlib import Path

import numpy as np

from catalogues import (exit_code, frame_of_exposure, mad, nearest, option_parser, products,
                        read_catalogue, read_references)

MATCH_RADIUS = 500.0  # mas
LARGEST_OFFSET = 10.0  # mas
LARGEST_SCATTER = 30.0  # mas
RESERVED = "calib_astrometry_reserved"


def left_out(path, references):
    """The frame, the number of stars that the fit left out, and source − reference of those that
    have a nearest object, east and north [mas]. No frame in an empty catalogue."""
    table = read_catalogue(path, ("id", "coord_ra", "coord_dec", RESERVED))
    if RESERVED not in table:
        sys.exit(f"{path}: lacks {RESERVED}")
    if not len(table["id"]):
        return None, 0, np.empty((0, 2))
    stars = table[RESERVED]
    offsets = nearest(table["coord_ra"][stars], table["coord_dec"][stars], references,
                      MATCH_RADIUS)[2]
    return frame_of_exposure(table["id"][0] >> 26), stars.sum(), offsets


def judged(frame, count, offsets):
    """Prints a frame's line; returns what is wrong with it."""
    if len(offsets) < 2:
        print(f"{frame}  {count:5d} {len(offsets):7d}")
        return [f"{frame}: {len(offsets)} stars left out; were they reserved?"]
    median, scatter, deviation = np.median(offsets, axis=0), mad(offsets, 0), offsets.std(axis=0)
    print(f"{frame}  {count:5d} {len(offsets):7d}  {median[0]:10.1f} {median[1]:5.1f}"
          f" {scatter[0]:10.1f} {scatter[1]:5.1f} {deviation[0]:12.1f} {deviation[1]:5.1f}")
    failures = []
    if frame.band != "u" and not np.abs(median).max() <= LARGEST_OFFSET:
        failures.append(f"{frame}: the median is beyond {LARGEST_OFFSET:.0f} mas")
    if frame.band != "u" and not scatter.max() <= LARGEST_SCATTER:
        failures.append(f"{frame}: the scatter is beyond {LARGEST_SCATTER:.0f} mas")
    return failures


def main():
    parser = option_parser(__doc__)
    parser.add_argument("outputs", nargs="+", type=Path, metavar="OUTPUT")
    parser.add_argument("--ref-cat", required=True, metavar="DIRECTORY")
    options = parser.parse_args()

    references = read_references(options.ref_cat)
    frames, failures = {}, []
    for file in (file for output in options.outputs for file in products(output, "src")):
        frame, count, offsets = left_out(file, references)
        if frame is None:
            failures.append(f"{file}: no source")
            continue
        frames.setdefault(frame, []).append((count, offsets))

    print("frame             stars matched   median RA  Dec   scatter RA  Dec   deviation RA  Dec [mas]")
    for frame in sorted(frames):
        counts, offsets = zip(*frames[frame])
        failures += judged(frame, sum(counts), np.concatenate(offsets))
    return exit_code(options.check, failures)


if __name__ == "__main__":
    sys.exit(main())
