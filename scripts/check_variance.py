#!/usr/bin/python3
"""Check the variance planes of calibrated exposures with empty apertures: one line per filter.

    check_variance.py OUTPUT [--alone] [--check]

OUTPUT is searched for calexp-*.fits. Apertures of 29 pixels (radius 3) are laid on each frame, one
about every pixel. With S the sum of an aperture's pixels, V that of their variances, and B the same
pixels' worth of the mean of the ring from 7 to 15 pixels about it,

    chi2 = mean of (S − B)² / (V + variance of B)

over all empty apertures, nothing clipped. It is 1 when the variance plane tells what the noise is.
An aperture is empty when

- no pixel with any mask bit lies within 8 pixels of its rim, in any filter's frame of the field, and
- the field's other filters together show nothing there: smoothed as a star would be, they stay
  below 1.5 sigma at all of its pixels. This leaves out the sources that are too faint to be detected
  in one filter; their light is no noise. The other filters' noise is not this one's, so that the
  choice does not favour low or high values. --alone does without, as must a field with one filter.

The ring takes away what the background model leaves (and the sources that are still too faint) on
scales beyond 15 pixels. Beside chi2 stand its error, the mean of (S − B) / sigma, and the same chi2
for single pixels: where the two differ, neighbouring pixels are correlated.

With --check the exit code is 1 when a chi2 is not within 0.05 of 1.
"""

import sys
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from catalogues import BANDS, exit_code, frame_in_name, option_parser, products

RADIUS = 3  # pixel
RING = (7, 15)  # pixel
DISTANCE = 8  # pixel between an aperture's rim and a pixel with a mask bit
DEEP_LIMIT = 1.5  # sigma
SMOOTHING = 1.2  # pixel: sigma of a star
LEAST_RING = 200  # pixels of a ring that must be usable
LEAST_APERTURES = 10_000
TOLERANCE = 0.05


class Frame:
    def __init__(self, path):
        with fits.open(path) as hdus:
            self.image = hdus["IMAGE"].data.astype(float)
            self.variance = hdus["VARIANCE"].data.astype(float)
            self.bad = (hdus["MASK"].data != 0) | ~np.isfinite(self.image) | ~(self.variance > 0)
            self.wcs = WCS(hdus["IMAGE"].header)
        self.image[self.bad] = 0.0
        self.variance[self.bad] = 1.0


def disc(inner, outer):
    y, x = np.mgrid[-outer:outer + 1, -outer:outer + 1]
    distance = np.hypot(x, y)
    return ((distance <= outer) & (distance > inner)).astype(float)


def convolved(image, kernel):
    """With a symmetric kernel; what is outside of the image counts as 0."""
    shape = [-(n + k - 1) // 64 * -64 for n, k in zip(image.shape, kernel.shape)]  # fast to transform
    product = np.fft.rfft2(image, shape) * np.fft.rfft2(kernel, shape)
    y, x = kernel.shape[0] // 2, kernel.shape[1] // 2
    return np.fft.irfft2(product, shape)[y:y + image.shape[0], x:x + image.shape[1]]


def near(mask, radius):
    """Pixels within a distance of a set one, or of the image's sides."""
    padded = np.pad(mask, radius, constant_values=True).astype(float)
    return convolved(padded, disc(-1, radius))[radius:-radius, radius:-radius] > 0.5


def shifted(image, frame, other, fill):
    """The other frame's image on this frame's pixels, moved by whole pixels."""
    height, width = frame.image.shape
    sky = frame.wcs.pixel_to_world_values(width / 2, height / 2)
    x, y = other.wcs.world_to_pixel_values(*sky)
    dx, dy = round(width / 2 - float(x)), round(height / 2 - float(y))
    moved = np.full(frame.image.shape, fill, image.dtype)
    rows, columns = np.arange(height) - dy, np.arange(width) - dx
    y_inside = (rows >= 0) & (rows < image.shape[0])
    x_inside = (columns >= 0) & (columns < image.shape[1])
    moved[np.ix_(y_inside, x_inside)] = image[np.ix_(rows[y_inside], columns[x_inside])]
    return moved


def others_show_nothing(frame, others):
    """Pixels where the other frames are without a mask bit, and together without a source."""
    reach = int(4 * SMOOTHING + 0.5)
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    star = np.exp(-(x * x + y * y) / (2 * SMOOTHING**2))
    signal, weight = np.zeros(frame.image.shape), np.zeros(frame.image.shape)
    clean = np.ones(frame.image.shape, bool)
    for other in others:
        clean &= ~shifted(other.bad, frame, other, True)
        signal += shifted(other.image / other.variance, frame, other, 0.0)
        weight += shifted(1 / other.variance, frame, other, 1.0)
    snr = convolved(signal, star) / np.sqrt(np.maximum(convolved(weight, star**2), 1e-12))
    sky = snr[~near(~clean, RADIUS)]
    low, middle, high = np.percentile(sky, [25, 50, 75]) if len(sky) else (0, 0, 1)
    return clean, snr < middle + DEEP_LIMIT * 0.7413 * (high - low)


def empty_apertures(frame, others):
    """chi2 with its error, the mean pull, the pixels' chi2, the number of apertures."""
    usable, quiet = ~frame.bad, np.ones(frame.bad.shape, bool)
    if others:
        clean, quiet = others_show_nothing(frame, others)
        usable &= clean
    aperture, ring = disc(-1, RADIUS), disc(*RING)
    area = aperture.sum()
    empty = ~near(~usable, RADIUS + DISTANCE) & ~near(~quiet, RADIUS)
    sky = (usable & quiet).astype(float)
    pixels = convolved(sky, ring)
    empty &= pixels > LEAST_RING
    pixels = np.maximum(pixels, 1.0)

    if empty.sum() < LEAST_APERTURES:
        return None
    level = (convolved(frame.image * sky, ring) / pixels)[empty]
    level_variance = (convolved(frame.variance * sky, ring) / pixels**2)[empty]
    sums = convolved(frame.image, aperture)[empty] - area * level
    variances = convolved(frame.variance, aperture)[empty]
    pulls = sums / np.sqrt(variances + area**2 * level_variance)
    single = (frame.image[empty] - level) ** 2 / (frame.variance[empty] + level_variance)
    independent = len(pulls) / area  # they overlap
    return (np.mean(pulls**2), np.std(pulls**2) / np.sqrt(independent), np.mean(pulls),
            np.mean(single), len(pulls))


def fields_of(root):
    """Run, camcol and field -> filter -> path."""
    fields = {}
    for path in products(root, "calexp"):
        frame = frame_in_name(path)
        if frame:
            fields.setdefault(frame[:3], {})[frame.band] = path
    return fields


def main():
    parser = option_parser(__doc__)
    parser.add_argument("output", type=Path, help="directory of the outputs")
    parser.add_argument("--alone", action="store_true",
                        help="judge by each frame's own mask what is empty")
    options = parser.parse_args()

    fields = fields_of(options.output)
    if not fields:
        sys.exit(f"no calexp-RUN-FILTERCAMCOL-FIELD.fits below {options.output}")
    failures = []
    for (run, camcol, field), paths in fields.items():
        frames = {band: Frame(path) for band, path in paths.items()}
        for band in (b for b in BANDS if b in frames):
            others = [] if options.alone else [f for b, f in frames.items() if b != band]
            found = empty_apertures(frames[band], others)
            label = f"run={run} camcol={camcol} field={field} filter={band}"
            if found is None:
                print(f"{label}: not {LEAST_APERTURES} empty apertures")
                failures.append(f"{label}: too few empty apertures")
                continue
            chi2, error, mean, single, count = found
            print(f"{label}: chi2 {chi2:.3f} ± {error:.3f} of {count} empty apertures, mean "
                  f"{mean:+.3f}; of single pixels {single:.3f}")
            if not abs(chi2 - 1) <= TOLERANCE:
                failures.append(f"{label}: the variance is off by {chi2 - 1:+.1%}")
    return exit_code(options.check, failures)


if __name__ == "__main__":
    sys.exit(main())
