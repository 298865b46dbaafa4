"""What the scripts here share: options, frames, catalogues, reference catalogues, matching."""

import argparse
import re
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
from astropy.io import fits

BANDS = "ugriz"
MAS = np.degrees(1.0) * 3.6e6  # in a radian

# Sorts by run, camcol, field, and the bands as their wavelengths.
Frame = namedtuple("Frame", "run camcol field number")
Frame.band = property(lambda frame: BANDS[frame.number])
Frame.__str__ = lambda f: f"{f.run:6d} {f.band}{f.camcol} {f.field:4d}"


# ---- options

def option_parser(documentation):
    """With --check, which all scripts have."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit with 1 when out of bounds")
    return parser


def exit_code(check, failures):
    """Prints with --check what is not good enough."""
    if not check:
        return 0
    for failure in failures:
        print("not good enough:", failure)
    return 1 if failures else 0


# ---- frames

def frame_of_exposure(exposure):
    """Exposure id = ((run · 10 + filter) · 10 + camcol) · 10^4 + field."""
    n = int(exposure)
    return Frame(n // 1000000, n // 10000 % 10, n % 10000, n // 100000 % 10)


def frame_in_name(path):
    """Of NAME-RUN-FILTERCAMCOL-FIELD.fits; None when it is called otherwise."""
    name = re.fullmatch(r"\w+-(\d+)-([ugriz])(\d)-(\d+)\.fits", path.name)
    if not name:
        return None
    run, band, camcol, field = name.groups()
    return Frame(int(run), int(camcol), int(field), BANDS.index(band))


def products(output, dataset):
    """The files DATASET-….fits of a directory, sorted; the path itself when it is a file."""
    files = sorted(output.rglob(f"{dataset}-*.fits")) if output.is_dir() else [output]
    if not files:
        sys.exit(f"{output}: holds no {dataset}-….fits")
    return files


# ---- catalogues

def read_catalogue(path, names):
    """Those of the columns and flags that a catalogue has: FITS, or the stack's text."""
    return read_text(path, names) if path.suffix == ".txt" else read_fits(path, names)


def read_fits(path, names):
    with fits.open(path) as file:
        data, header = file[1].data, file[1].header
        flags = {header[card]: int(card[5:]) - 1 for card in header
                 if card.startswith("TFLAG") and card[5:].isdigit()}
        table = {}
        for name in names:
            if name in flags:
                table[name] = np.array(data["flags"][:, flags[name]], dtype=bool)
            elif name in data.names:
                values = np.array(data[name])
                table[name] = values.astype(values.dtype.newbyteorder("="))
    return table


def read_text(path, names):
    """Of the LSST stack's demo (detected-sources.txt); its angles are in degrees."""
    with open(path) as file:
        header = file.readline().lstrip("#").split()
        rows = [line.split() for line in file if line.strip()]
    table = {}
    for name in names:
        if name not in header:
            continue
        values = [row[header.index(name)] for row in rows]
        if name == "id":
            table[name] = np.array([int(v) for v in values])
        elif set(values) <= {"True", "False"}:
            table[name] = np.array([v == "True" for v in values])
        else:
            table[name] = np.array([float(v) for v in values])
    for name in ("coord_ra", "coord_dec"):
        if name in table:
            table[name] = np.radians(table[name])
    return table


def by_frame(table):
    """The rows of each frame. Source id = exposure id · 2^26 + number."""
    exposures = table["id"] >> 26
    return {frame_of_exposure(exposure): {name: values[exposures == exposure]
                                          for name, values in table.items()}
            for exposure in np.unique(exposures)}


def read_references(directory):
    """The rows of a reference catalogue's shards, NUMBER.fits or NAME_NUMBER_refcats.fits."""
    shards = sorted(f for f in Path(directory).glob("*.fits")
                    if re.fullmatch(r"\d+|.*_\d+_refcats", f.stem))
    if not shards:
        sys.exit(f"{directory}: holds no shards NUMBER.fits or NAME_NUMBER_refcats.fits")
    parts = []
    for shard in shards:
        data = np.array(fits.getdata(shard, 1))
        parts.append(data.astype(data.dtype.newbyteorder("=")))
    return np.concatenate(parts)


# ---- on the sky

def wrapped(angle):
    """A difference of right ascensions, from −π to π."""
    return np.remainder(angle + np.pi, 2 * np.pi) - np.pi


def nearest(ra, dec, references, radius):
    """Each source's nearest reference object within a radius [mas].

    Their indices, source − reference east and north [mas], and whether the source is the object's
    nearest, too.
    """
    nothing = np.empty(0, int), np.empty(0, int), np.empty((0, 2)), np.empty(0, bool)
    if not len(ra):
        return nothing
    centre = np.arctan2(np.mean(np.sin(ra)), np.mean(np.cos(ra)))
    index = np.flatnonzero(np.abs(wrapped(references["coord_ra"] - centre)) < 0.01)  # of a frame
    if not len(index):
        return nothing
    east = wrapped(ra[:, None] - references["coord_ra"][None, index]) * np.cos(dec)[:, None] * MAS
    north = (dec[:, None] - references["coord_dec"][None, index]) * MAS
    distance = np.hypot(east, north)
    rows, best = np.arange(len(ra)), distance.argmin(axis=1)
    offsets = np.stack([east[rows, best], north[rows, best]], axis=1)
    mutual = distance.argmin(axis=0)[best] == rows
    near = distance[rows, best] < radius
    return rows[near], index[best[near]], offsets[near], mutual[near]


# ---- statistics

def mad(values, axis=None):
    """1.4826 × median absolute deviation: the standard deviation of a normal distribution."""
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=axis)), axis=axis)
