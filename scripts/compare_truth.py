#!/usr/bin/python3
"""Compare the catalogues of synthetic SDSS fields with their truth.

    compare_truth.py OUTPUT REPOSITORY [OUTPUT REPOSITORY …] [--precision] [--check]

OUTPUT is searched for src-RUN-FILTERCAMCOL-FIELD.fits, the truth is REPOSITORY/truth.csv. A line
per filter gives the completeness of objects with S/N > 10, and for isolated stars the bias of the
PSF flux, the scatter of the positions and their offset on the sky.

--precision adds tables of isolated stars by S/N, the fields together: bias and scatter of the PSF
flux as it was fitted (before the aperture correction; "corrected" is the bias after it, against all
of the star's light) and scatter of the positions, in units of the Cramér-Rao bound; beside them
what a fit that gives all pixels the same weight can reach at best. There is a table of base_PsfFlux
with base_SdssCentroid, and one of ext_psfFit_PsfFit where the catalogues have it. Pairs of stars,
where the fields have any, follow: how many were split, and their base_PsfFlux.

With --check the exit code is 1 when a figure is out of bounds. Both tables are judged from S/N 20.
ext_psfFit_PsfFit has to reach the bound at every S/N; base_PsfFlux and base_SdssCentroid up to S/N
100. Brighter stars have photon noise of their own, and these two give all pixels the same weight,
as LSST's do, so that no star's flux depends on its brightness where the PSF is not quite right:
there the ideal fit with equal weights takes the bound's place.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

from catalogues import (BANDS, exit_code, frame_in_name, mad, option_parser, products,
                        read_catalogue)

MATCH_RADIUS = 2.0  # pixel
BORDER = 20  # pixel: the PSF must fit into the frame
ISOLATION = 15.0  # pixel without a neighbour brighter than a hundredth

# What --check accepts. A default field gives 0.99, 0.001 and 0.025.
LOWEST_COMPLETENESS = 0.95
LARGEST_BIAS = 0.01
LARGEST_SCATTER = 0.05  # pixel

# What --precision --check accepts, of all filters together.
SNR_BINS = (10, 20, 30, 50, 100, 200, 500, 1000)
JUDGED_SNR = 20  # and more
PRECISION_BIAS = 0.002
PRECISION_SCATTER = 1.10  # in units of the Cramér-Rao bound
OWN_NOISE_SNR = 100  # from here on, for equal weights, in units of what these can reach
OUTLIER = 5.0  # times the bound: counted, and left out of the scatter
LOWEST_SPLIT = 0.95
PAIR_FLUX_ERROR = 0.10

# What is judged: flux, position, and whether it gives all pixels the same weight.
FITS = (("base_PsfFlux", "base_SdssCentroid", True),
        ("ext_psfFit_PsfFit", "ext_psfFit_PsfFit", False))

ROUNDING_VARIANCE = 1 / 12  # adu²: counts are whole numbers


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


def read_leaves(path):
    """The columns that are compared, of all sources but the parents of families."""
    names = {"coord_ra", "coord_dec", "deblend_nChild"}
    for flux, position, _ in FITS:
        names |= {f"{flux}_instFlux", f"{flux}_apCorr", f"{position}_x", f"{position}_y"}
    columns = read_catalogue(path, sorted(names))
    if "deblend_nChild" in columns:
        leaves = columns["deblend_nChild"] == 0
        columns = {name: values[leaves] for name, values in columns.items()}
    return columns


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


def pairs_of(x, y):
    """Objects that have each other as the only neighbour, as rows of two indices."""
    neighbour = np.full(len(x), -1)
    for i in range(len(x)):
        near = np.flatnonzero(np.hypot(x - x[i], y - y[i]) < ISOLATION)
        if len(near) == 2:
            neighbour[i] = near[near != i][0]
    first = np.flatnonzero((neighbour > np.arange(len(x))) & (neighbour >= 0))
    first = first[neighbour[neighbour[first]] == first]
    return np.column_stack([first, neighbour[first]])


class Frame:
    """One filter's frame: truth, catalogue, and which row is which object's."""

    def __init__(self, src, repository, band, truth):
        self.band, self.repository = band, repository
        self.run, self.camcol, self.field, _ = frame_in_name(src)
        self.x, self.y, self.flux, self.snr = (truth[f"{name}_{band}"]
                                               for name in ("x", "y", "flux", "snr"))
        self.truth = truth
        self.catalogue = read_leaves(src)
        width, height = frame_size(src)
        x, y = self.x, self.y
        inside = (x > BORDER) & (x < width - 1 - BORDER) & (y > BORDER) & (y < height - 1 - BORDER)
        self.usable = inside & (truth[f"saturated_{band}"] == 0)
        self.cat_x, self.cat_y = (self.catalogue[f"base_SdssCentroid_{axis}"] for axis in "xy")
        self.row = match(x, y, self.flux, self.cat_x, self.cat_y)
        self.stars = self.usable & (truth["type"] == "star")
        self.alone = self.stars & isolated(x, y, self.flux)

    def fitted_flux(self, rows, name="base_PsfFlux"):
        """The PSF flux before the aperture correction."""
        flux = self.catalogue[f"{name}_instFlux"][rows]
        if f"{name}_apCorr" in self.catalogue:
            flux = flux / self.catalogue[f"{name}_apCorr"][rows]
        return flux


def compare(frame, brief):
    """Prints a frame's line; says whether it is as good as it must be, if brief in completeness."""
    catalogue, truth, row = frame.catalogue, frame.truth, frame.row
    wanted = frame.usable & (frame.snr > 10)
    completeness = np.mean(row[wanted] >= 0) if wanted.any() else np.nan
    kept = np.flatnonzero(frame.alone & (frame.snr > 20) & (row >= 0))
    ratio = frame.fitted_flux(row[kept]) / frame.flux[kept] - 1
    kept, ratio = kept[np.isfinite(ratio)], ratio[np.isfinite(ratio)]
    r = row[kept]
    bias, scatter = (np.median(ratio), mad(ratio)) if len(ratio) else (np.nan, np.nan)
    position = mad(np.concatenate([frame.cat_x[r] - frame.x[kept],
                                   frame.cat_y[r] - frame.y[kept]])) if len(r) else np.nan

    sky = ""
    if "coord_ra" in catalogue and len(r):
        ra, dec = catalogue["coord_ra"][r], catalogue["coord_dec"][r]  # radians
        true_ra, true_dec = np.radians(truth["ra"][kept]), np.radians(truth["dec"][kept])
        mas = 180 / np.pi * 3600e3
        offset = (np.median((ra - true_ra) * np.cos(true_dec)) * mas,
                  np.median(dec - true_dec) * mas)
        sky = f", sky offset {offset[0]:+.1f} {offset[1]:+.1f} mas"
    stars = (f"{len(r)} isolated stars at S/N > 20: flux bias {bias:+.4f} (scatter {scatter:.4f}), "
             f"position scatter {position:.4f} px{sky}" if len(r) else "no isolated star at S/N > 20")
    print(f"{frame.band}: completeness {completeness:.3f} of {wanted.sum()} objects at S/N > 10; "
          f"{stars}")
    complete = completeness > LOWEST_COMPLETENESS
    if brief:
        return complete
    return complete and not abs(bias) >= LARGEST_BIAS and not position >= LARGEST_SCATTER


class TruePsf:
    """A frame's PSF and noise as the simulator's psField gives them, and what they allow."""

    SIDE = 31  # pixel: where the PSF is not zero
    PADDED = 40  # pixel: for the Fourier transform that shifts it

    def __init__(self, frame):
        name = f"psField-{frame.run:06d}-{frame.camcol}-{frame.field:04d}.fit"
        path = next(iter(sorted(frame.repository.rglob(name))), None)
        if path is None:
            sys.exit(f"no {name} below {frame.repository}")
        filter_number = BANDS.index(frame.band)
        with fits.open(path) as hdus:
            table = hdus[1 + filter_number].data
            numbers = hdus[6].data
            self.sky, self.gain, self.dark_variance = (
                float(numbers[name][0][filter_number]) for name in ("sky", "gain", "dark_variance"))
            rows, columns = int(table["RNROW"][0]), int(table["RNCOL"][0])
            low = (rows - self.SIDE) // 2
            images = np.stack(list(table["RROWS"])).reshape(-1, rows, columns)
            self.images = images[:, low:low + self.SIDE, low:low + self.SIDE].astype(float)
            self.coefficients = np.array(table["c"], float).reshape(-1, 5, 5)
        frequency = 2j * np.pi * np.fft.fftfreq(self.PADDED)
        self.frequency_y, self.frequency_x = frequency[:, None], frequency[None, :]

    def stamps(self, x, y):
        """The PSF at a position and its derivatives by x and y, on the pixels."""
        powers = (1e-3 * y) ** np.arange(5)[:, None] * (1e-3 * x) ** np.arange(5)[None, :]
        image = np.tensordot((self.coefficients * powers).sum(axis=(1, 2)), self.images, 1)
        padded = np.zeros((self.PADDED, self.PADDED))
        padded[:self.SIDE, :self.SIDE] = image / image.sum()
        dx, dy = x - round(x), y - round(y)
        spectrum = np.fft.fft2(padded) * np.exp(-self.frequency_x * dx - self.frequency_y * dy)
        return [np.fft.ifft2(s).real for s in (spectrum, -spectrum * self.frequency_x,
                                               -spectrum * self.frequency_y)]

    def errors(self, x, y, flux):
        """Standard deviations of flux, x, y: the bound, and of a fit with equal weights.

        The bound inverts the Fisher matrix Σ d_i d_j / v of (flux, x, y), the fit with equal
        weights has (Σ d_i d_j)⁻¹ Σ d_i d_j v (Σ d_i d_j)⁻¹, with d the derivatives of the model.
        """
        psf, by_x, by_y = self.stamps(x, y)
        variance = (self.sky + flux * np.maximum(psf, 0)) / self.gain + self.dark_variance
        variance += ROUNDING_VARIANCE
        model = np.array([psf, flux * by_x, flux * by_y]).reshape(3, -1)
        bound = np.linalg.inv(model / variance.ravel() @ model.T)
        inverse = np.linalg.inv(model @ model.T)
        equal = inverse @ (model * variance.ravel() @ model.T) @ inverse
        return np.sqrt(np.diag(bound)), np.sqrt(np.diag(equal))


def bounds(frame):
    """A frame's isolated stars, by their index, and TruePsf.errors of each."""
    kept = np.flatnonzero(frame.alone & (frame.row >= 0) & (frame.snr > SNR_BINS[0]))
    psf = TruePsf(frame)
    errors = np.array([psf.errors(frame.x[i], frame.y[i], frame.flux[i]) for i in kept])
    return kept, errors.reshape(-1, 2, 3)


def residuals(frame, kept, errors, flux, position):
    """Of a frame's isolated stars: true S/N, flux and position residuals, the bounds."""
    r = frame.row[kept]
    cat_x, cat_y = (frame.catalogue[f"{position}_{axis}"][r] for axis in "xy")
    return {"snr": frame.snr[kept], "true": frame.flux[kept],
            "corrected": frame.catalogue[f"{flux}_instFlux"][r],
            "flux": frame.fitted_flux(r, flux) - frame.flux[kept],
            "x": cat_x - frame.x[kept], "y": cat_y - frame.y[kept],
            "bound": errors[:, 0, :], "equal": errors[:, 1, :]}


def scatter(pulls):
    """Standard deviation without outliers, and how many there are."""
    good = np.abs(pulls) < OUTLIER
    return (np.std(pulls[good]), int((~good).sum())) if good.sum() > 1 else (np.nan, 0)


def precision_row(label, stars, equal_weights):
    """Prints one S/N bin; says whether it is as good as it must be. Without a result: an outlier."""
    bound, equal = stars["bound"], stars["equal"]
    ratio = stars["flux"] / stars["true"]
    corrected = np.nanmedian(stars["corrected"] / stars["true"]) - 1
    fitted = ratio[np.isfinite(ratio)]
    bias, bias_error = np.median(fitted), 1.2533 * mad(fitted) / np.sqrt(len(fitted))
    flux, flux_outliers = scatter(stars["flux"] / bound[:, 0])
    pulls = np.concatenate([stars["x"] / bound[:, 1], stars["y"] / bound[:, 2]])
    position, position_outliers = scatter(pulls)
    flux_equal = np.sqrt(np.mean((equal[:, 0] / bound[:, 0]) ** 2))
    position_equal = np.sqrt(np.mean((equal[:, 1:] / bound[:, 1:]) ** 2))
    print(f"{label:>16} {len(ratio):6d} {bias:+9.5f} ± {bias_error:.5f} {corrected:+9.5f}  "
          f"{flux:5.3f} ± {flux / np.sqrt(2 * len(ratio)):.3f} ({flux_equal:.3f}) "
          f"{position:5.3f} ± {position / np.sqrt(4 * len(ratio)):.3f} ({position_equal:.3f}) "
          f"{flux_outliers:4d} {position_outliers:4d}")
    if stars["snr"].min() < OWN_NOISE_SNR or not equal_weights:
        flux_equal = position_equal = 1.0
    return (abs(bias) < PRECISION_BIAS and flux < PRECISION_SCATTER * flux_equal
            and position < PRECISION_SCATTER * position_equal)


def pooled(parts):
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def compare_fit(frames, stars, flux, position, equal_weights):
    """Prints a fit's table of isolated stars by S/N; says whether it is as good as it must be."""
    by_band = {}
    for frame, (kept, errors) in zip(frames, stars):
        by_band.setdefault(frame.band, []).append(residuals(frame, kept, errors, flux, position))
    tables = {band: pooled(parts) for band, parts in by_band.items()}
    tables = {**(tables if len(tables) > 1 else {}), "all": pooled(list(tables.values()))}
    if not len(tables["all"]["snr"]):
        return True
    names = flux if flux == position else f"{flux}, {position}"
    print(f"\n{names}: isolated stars; scatter in units of the Cramér-Rao bound, in brackets that of "
          "an ideal fit with equal weights")
    print(f"{'S/N':>16} {'stars':>6} {'flux bias':>19} {'corrected':>9}  {'flux scatter':>21} "
          f"{'position scatter':>21} outliers")
    good = True
    for band, table in tables.items():
        for low, high in zip(SNR_BINS, SNR_BINS[1:]):
            inside = (table["snr"] >= low) & (table["snr"] < high)
            if inside.sum() < 20:
                continue
            passed = precision_row(f"{band} {low}..{high}",
                                   {name: values[inside] for name, values in table.items()},
                                   equal_weights)
            if band == "all" and low >= JUDGED_SNR and not passed:
                print(f"{'':>16} out of bounds")
                good = False
    return good


def compare_precision(frames):
    """Prints the tables of the fits that there are; says whether all are as good as they must be."""
    stars = [bounds(frame) for frame in frames]
    return all([compare_fit(frames, stars, flux, position, equal_weights)
                for flux, position, equal_weights in FITS
                if all(f"{flux}_instFlux" in frame.catalogue for frame in frames)])


def compare_pairs(frames):
    """Prints what became of the pairs; says whether they are as good as they must be."""
    good = True
    for frame in frames:
        pairs = pairs_of(frame.x, frame.y)
        pairs = pairs[frame.stars[pairs].all(axis=1)] if len(pairs) else pairs
        if len(pairs) < 20:
            continue
        distance = np.hypot(*(np.diff(values[pairs], axis=1)[:, 0] for values in (frame.x, frame.y)))
        split = (frame.row[pairs] >= 0).all(axis=1)
        error = frame.fitted_flux(frame.row[pairs[split]]) / frame.flux[pairs[split]] - 1
        within = (np.abs(error) < PAIR_FLUX_ERROR).all(axis=1)
        share = within.sum() / len(pairs)
        low, middle, high = np.nanpercentile(error, [5, 50, 95]) if split.any() else [np.nan] * 3
        print(f"{frame.band}: {len(pairs)} pairs, {np.median(distance):.2f} px apart, median S/N "
              f"{np.median(frame.snr[pairs]):.0f}: {split.mean():.3f} split, {share:.3f} split with "
              f"both fluxes within {PAIR_FLUX_ERROR:.0%}; flux error median {middle:+.4f}, "
              f"5 % below {low:+.4f}, 5 % above {high:+.4f}")
        good = good and share >= LOWEST_SPLIT
    return good


def find_frames(output, repository):
    table = repository / "truth.csv" if repository.is_dir() else repository
    truth = read_truth(table)
    catalogues = {}
    for path in products(output, "src"):
        frame = frame_in_name(path)
        if frame:
            catalogues[frame.band] = path
    if not catalogues:
        sys.exit(f"no src-RUN-FILTERCAMCOL-FIELD.fits below {output}")
    for band in (b for b in BANDS if b in catalogues):
        if f"x_{band}" not in truth:
            sys.exit(f"{table} has no filter {band}")
        yield Frame(catalogues[band], table.parent, band, truth)


def main():
    parser = option_parser(__doc__)
    parser.add_argument("paths", type=Path, nargs="+", metavar="OUTPUT REPOSITORY",
                        help="directory of the outputs; synthetic repository, or its truth.csv")
    parser.add_argument("--precision", action="store_true",
                        help="tables by S/N, against the Cramér-Rao bound; pairs")
    options = parser.parse_args()
    if len(options.paths) % 2:
        parser.error("every OUTPUT needs its REPOSITORY")

    frames = [frame for output, repository in zip(options.paths[::2], options.paths[1::2])
              for frame in find_frames(output, repository)]
    failures = [f"{frame.band} of {frame.repository}" for frame in frames
                if not compare(frame, options.precision)]
    if options.precision:
        failures += [] if compare_precision(frames) else ["the precision"]
        failures += [] if compare_pairs(frames) else ["the pairs"]
    return exit_code(options.check, failures)


if __name__ == "__main__":
    sys.exit(main())
