#!/usr/bin/python3
"""Compare the catalogues of a synthetic SDSS field with its truth: one line per filter.

    compare_truth.py OUTPUT REPOSITORY [--check]

OUTPUT is searched for src-RUN-FILTERCAMCOL-FIELD.fits, the truth is REPOSITORY/truth.csv. A line
gives the completeness of objects with S/N > 10, and for isolated stars the bias of the PSF flux, the
scatter of the positions and their offset on the sky. With --check the exit code is 1 when a figure
is out of bounds.
"""

import argparse
import csv
import re
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

MATCH_RADIUS = 2.0  # pixel
BORDER = 20  # pixel: the PSF must fit into the frame
ISOLATION = 15.0  # pixel without a neighbour brighter than a hundredth

# What --check accepts. A default field gives 0.99, 0.001 and 0.025.
LOWEST_COMPLETENESS = 0.95
LARGEST_BIAS = 0.01
LARGEST_SCATTER = 0.05  # pixel


def read_truth(path):
    try:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    columns = {}
    for name in reader.fieldnames or []:
        values = [row[name] for row in rows]
        columns[name] = np.array(values if name == "type" else [float(v) for v in values])
    return columns


def read_catalogue(path):
    """The columns that are compared."""
    with fits.open(path) as hdus:
        table = next(h for h in hdus if isinstance(h, fits.BinTableHDU))
        return {name: np.array(table.data[name]) for name in table.columns.names
                if name in ("coord_ra", "coord_dec", "base_SdssCentroid_x", "base_SdssCentroid_y",
                            "base_PsfFlux_instFlux")}


def frame_size(src):
    calexp = src.parent.parent / "calexp" / src.name.replace("src-", "calexp-", 1)
    with fits.open(calexp) as hdus:
        return hdus["IMAGE"].shape[1], hdus["IMAGE"].shape[0]


def match(x, y, flux, cat_x, cat_y):
    """Nearest catalogue row of each object, brightest first, each row once; -1 = none."""
    found = np.full(len(x), -1)
    free = np.isfinite(cat_x) & np.isfinite(cat_y)
    for i in np.argsort(-flux):
        distance = np.where(free, np.hypot(cat_x - x[i], cat_y - y[i]), np.inf)
        nearest = int(np.argmin(distance)) if len(distance) else 0
        if len(distance) and distance[nearest] < MATCH_RADIUS:
            found[i] = nearest
            free[nearest] = False
    return found


def isolated(x, y, flux):
    alone = np.empty(len(x), bool)
    for i in range(len(x)):
        near = (np.hypot(x - x[i], y - y[i]) < ISOLATION) & (flux > 0.01 * flux[i])
        alone[i] = near.sum() == 1
    return alone


def mad(values):
    return 1.4826 * np.median(np.abs(values - np.median(values)))


def compare(src, band, truth):
    catalogue = read_catalogue(src)
    width, height = frame_size(src)
    x, y, flux, snr = (truth[f"{name}_{band}"] for name in ("x", "y", "flux", "snr"))
    inside = (x > BORDER) & (x < width - 1 - BORDER) & (y > BORDER) & (y < height - 1 - BORDER)
    usable = inside & (truth[f"saturated_{band}"] == 0)
    cat_x, cat_y = catalogue["base_SdssCentroid_x"], catalogue["base_SdssCentroid_y"]
    row = match(x, y, flux, cat_x, cat_y)

    wanted = usable & (snr > 10)
    completeness = np.mean(row[wanted] >= 0) if wanted.any() else np.nan
    stars = usable & (snr > 20) & (truth["type"] == "star") & isolated(x, y, flux) & (row >= 0)
    r = row[stars]
    ratio = catalogue["base_PsfFlux_instFlux"][r] / flux[stars] - 1
    good = np.isfinite(ratio)
    ratio, r = ratio[good], r[good]
    kept = np.flatnonzero(stars)[good]
    bias, scatter = (np.median(ratio), mad(ratio)) if len(ratio) else (np.nan, np.nan)
    position = mad(np.concatenate([cat_x[r] - x[kept], cat_y[r] - y[kept]])) if len(r) else np.nan

    sky = ""
    if "coord_ra" in catalogue and len(r):
        ra, dec = catalogue["coord_ra"][r], catalogue["coord_dec"][r]  # radians
        true_ra, true_dec = np.radians(truth["ra"][kept]), np.radians(truth["dec"][kept])
        mas = 180 / np.pi * 3600e3
        offset = (np.median((ra - true_ra) * np.cos(true_dec)) * mas,
                  np.median(dec - true_dec) * mas)
        sky = f", sky offset {offset[0]:+.1f} {offset[1]:+.1f} mas"
    print(f"{band}: completeness {completeness:.3f} of {wanted.sum()} objects at S/N > 10; "
          f"{len(r)} isolated stars at S/N > 20: flux bias {bias:+.4f} (scatter {scatter:.4f}), "
          f"position scatter {position:.4f} px{sky}")
    return completeness > LOWEST_COMPLETENESS and abs(bias) < LARGEST_BIAS and position < LARGEST_SCATTER


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="directory of the outputs")
    parser.add_argument("repository", type=Path, help="synthetic repository, or its truth.csv")
    parser.add_argument("--check", action="store_true", help="exit with 1 when out of bounds")
    arguments = parser.parse_args()

    table = arguments.repository
    if table.is_dir():
        table = table / "truth.csv"
    truth = read_truth(table)
    catalogues = {}
    for path in sorted(arguments.output.rglob("src-*.fits")):
        name = re.fullmatch(r"src-\d+-([ugriz])\d-\d+\.fits", path.name)
        if name:
            catalogues[name.group(1)] = path
    if not catalogues:
        sys.exit(f"no src-RUN-FILTERCAMCOL-FIELD.fits below {arguments.output}")
    good = True
    for band in (b for b in "ugriz" if b in catalogues):
        if f"x_{band}" not in truth:
            sys.exit(f"{table} has no filter {band}")
        good = compare(catalogues[band], band, truth) and good
    sys.exit(1 if arguments.check and not good else 0)


if __name__ == "__main__":
    main()
