#!/usr/bin/python3
"""Compare the catalogues of simulated frames of a camera with their truth.

    check_camera_truth.py OUTPUT TRUTH.csv [--check]

OUTPUT is searched for calibrated exposures and their source catalogues; TRUTH.csv is what
`almagest simulate CAMERA` writes. A line per frame gives the number of sources, the seeing (FWHM)
and the sky; then, for isolated stars with S/N > 50, how far catalogue − truth is off on the sky
(median of right ascension, true arc, and declination), its standard deviation per axis, and the
zero point's error: the median of the magnitudes' difference, and their scatter (1.4826 × median
absolute deviation).

With --check the exit code is 1 when a median or a standard deviation on the sky is beyond 20 mas,
a zero point is off by more than 0.02 mag, a frame has fewer than ten such stars, or there is no
frame.
"""

import csv
import sys
import tomllib
from pathlib import Path

import numpy as np
from astropy.io import fits

from catalogues import MAS, exit_code, mad, nearest, option_parser, read_fits

MATCH_RADIUS = 500.0  # mas
LOWEST_SNR = 50
ISOLATION = 20.0  # pixel without a neighbour brighter than a hundredth
OUTLIER = 5.0  # times the scatter: left out of the standard deviation
FEWEST_STARS = 10
LARGEST_OFFSET = 20.0  # mas
LARGEST_SCATTER = 20.0  # mas
LARGEST_ZERO_POINT = 0.02  # mag

FLUX = "base_PsfFlux_instFlux"
COLUMNS = ("coord_ra", "coord_dec", FLUX, FLUX + "Err", "base_PsfFlux_flag", "deblend_nChild",
           "base_SdssCentroid_x", "base_SdssCentroid_y", "base_ClassificationExtendedness_value")


def data_id(header):
    """(exposure, detector): the whole numbers of the data ID, in its order."""
    values = [header[f"IDVAL{n}"] for n in range(1, 20) if f"IDVAL{n}" in header]
    numbers = [int(v) for v in values if isinstance(v, int)]
    return tuple(numbers[:2])


def find_products(output):
    """Calibrated exposures and catalogues by data ID: files tell what they hold."""
    exposures, catalogues = {}, {}
    for path in sorted(output.rglob("*.fits")):
        with fits.open(path) as file:
            header = file[0].header
            product = header.get("PRODUCT", "")
            if product.startswith("almagest.Exposure/") and "MAGZERO" in header:
                exposures[data_id(header)] = path
            if product.startswith("almagest.SourceCatalog/") and len(data_id(header)) == 2:
                columns = file[1].columns.names  # neither bright sources nor matched ones
                if COLUMNS[-1] in columns and "ref_id" not in columns:
                    catalogues[data_id(header)] = path
    return exposures, catalogues


def find_metadata(output):
    """What the steps measured of themselves, by data ID."""
    found = {}
    for path in output.rglob("*.toml"):
        table = tomllib.loads(path.read_text())
        if "data_id" not in table or "task" not in table:
            continue
        key = {k: v for k, v in table["data_id"].items() if isinstance(v, int)}
        found[frozenset(key.values())] = table["task"]
    return found


def read_truth(path):
    """The truth's rows by (exposure, detector)."""
    try:
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    numbers = ("ra", "dec", "x", "y", "flux", "mag")
    frames = {}
    for row in rows:
        frame = frames.setdefault((int(row["exposure"]), int(row["detector"])),
                                  {"filter": row["filter"], "star": [], **{n: [] for n in numbers}})
        frame["star"].append(row["kind"] == "star")
        for name in numbers:
            frame[name].append(float(row[name]))
    for frame in frames.values():
        for name in ("star", *numbers):
            frame[name] = np.array(frame[name])
    return frames


def isolated(truth):
    """Stars without a neighbour that matters."""
    x, y, flux = truth["x"], truth["y"], truth["flux"]
    alone = truth["star"].copy()
    for i in np.flatnonzero(alone):
        near = (np.hypot(x - x[i], y - y[i]) < ISOLATION) & (flux > 0.01 * flux[i])
        alone[i] = near.sum() == 1
    return alone


def pairs(catalogue, truth):
    """Rows of good stars in the catalogue and their rows in the truth."""
    bright = (catalogue[FLUX] > LOWEST_SNR * catalogue[FLUX + "Err"])
    good = np.flatnonzero(bright & ~catalogue["base_PsfFlux_flag"] & (catalogue["deblend_nChild"] == 0))
    references = {"coord_ra": np.radians(truth["ra"]), "coord_dec": np.radians(truth["dec"])}
    rows, index, _, mutual = nearest(catalogue["coord_ra"][good], catalogue["coord_dec"][good],
                                     references, MATCH_RADIUS)
    kept = mutual & isolated(truth)[index]
    return good[rows[kept]], index[kept]


def clipped_deviation(values):
    """Standard deviation without outliers, and about the median."""
    middle, width = np.median(values), mad(values)
    return np.std(values[np.abs(values - middle) <= OUTLIER * max(width, 1e-9)])


def pixel_scale(header):
    """[arcsec]"""
    determinant = header["CD1_1"] * header["CD2_2"] - header["CD1_2"] * header["CD2_1"]
    return 3600.0 * np.sqrt(abs(determinant))


def judge(frame, exposure, path, truth, metadata):
    """Prints a frame's line; returns what is wrong with it."""
    catalogue = read_fits(path, COLUMNS)
    with fits.open(exposure) as file:
        zero_point, sky = file[0].header["MAGZERO"], file[0].header.get("BGMEAN", np.nan)
        scale = pixel_scale(file["IMAGE"].header)
    fwhm = metadata.get("seeing_psf", {}).get("seeing_fwhm", np.nan) * scale
    row, true = pairs(catalogue, truth)
    name = f"{frame[0]:>9d} {frame[1]:>4d}  {truth['filter']:8s}"
    start = f"{name} {len(catalogue[FLUX]):7d}  {fwhm:7.2f}  {sky:9.2f}  {len(row):5d}"
    if len(row) < FEWEST_STARS:
        print(start)
        return [f"{name}: only {len(row)} isolated stars were found again"]
    dec = np.radians(truth["dec"][true])
    east = (catalogue["coord_ra"][row] - np.radians(truth["ra"][true])) * np.cos(dec) * MAS
    north = (catalogue["coord_dec"][row] - dec) * MAS
    magnitude = zero_point - 2.5 * np.log10(catalogue[FLUX][row]) - truth["mag"][true]
    offset = np.median(east), np.median(north)
    deviation = clipped_deviation(east), clipped_deviation(north)
    error = np.median(magnitude)
    print(f"{start}  {offset[0]:+7.1f} {offset[1]:+6.1f}  {deviation[0]:7.1f} {deviation[1]:6.1f}"
          f"  {error:+11.4f}  {mad(magnitude):7.4f}")
    failures = []
    if not max(np.abs(offset)) <= LARGEST_OFFSET or not max(deviation) <= LARGEST_SCATTER:
        failures.append(f"{name}: positions are beyond {LARGEST_OFFSET:.0f} mas")
    if not abs(error) <= LARGEST_ZERO_POINT:
        failures.append(f"{name}: the zero point is off by more than {LARGEST_ZERO_POINT} mag")
    return failures


def main():
    parser = option_parser(__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("truth", type=Path)
    options = parser.parse_args()
    truth = read_truth(options.truth)
    exposures, catalogues = find_products(options.output)
    metadata = find_metadata(options.output)
    frames = [frame for frame in sorted(catalogues) if frame in exposures and frame in truth]
    print(" exposure  ccd  filter   sources  seeing\"  sky [adu]  stars"
          "  offset E,N [mas]  std E,N [mas]  zero point  scatter [mag]")
    failures = [] if frames else [f"{options.output}: no frame of which {options.truth} tells"]
    for frame in frames:
        failures += judge(frame, exposures[frame], catalogues[frame], truth[frame],
                          metadata.get(frozenset(frame), {}))
    sys.exit(exit_code(options.check, failures))


if __name__ == "__main__":
    main()
