"""A simulated night of one detector, what becomes of it, and the truth beside it."""
import concurrent.futures
import csv
import os

import numpy as np
from astropy.io import fits

from support import SOURCE, run


class Frame:
    """A stored exposure."""

    def __init__(self, path):
        with fits.open(path) as file:
            header = file[0].header
            values = {header[f"IDKEY{n}"]: header[f"IDVAL{n}"] for n in range(1, 9) if f"IDKEY{n}" in header}
            self.exposure = values.get("visit", values.get("exposure"))
            self.image = file["IMAGE"].data.astype(np.float32)
            self.mask = file["MASK"].data
            self.variance = file["VARIANCE"].data.astype(np.float32)
            cards = file["MASK"].header
            self.planes = {card[3:]: bit for card, bit in cards.items() if card.startswith("MP_")}

    def has(self, *planes):
        """Pixels in any of these planes."""
        bits = sum(1 << self.planes[plane] for plane in planes if plane in self.planes)
        return (self.mask & bits) != 0


class Truth:
    """What the pixels of an exposure hold without noise, and its cosmic rays [electron]."""

    def __init__(self, path):
        with fits.open(path) as file:
            self.exposure = file[0].header["EXPOSURE"]
            self.electrons = file["ELECTRONS"].data.astype(np.float32)
            shape = self.electrons.shape
            rays = file["COSMIC_RAYS"].data if "COSMIC_RAYS" in file else np.zeros(shape)
            self.rays = rays.astype(np.float32)

    def blank(self):
        """Pixels with the sky and nothing else to speak of."""
        sky = np.median(self.electrons)
        return (np.abs(self.electrons - sky) < 0.1 * sky) & (self.rays == 0)


class Night:
    """A repository with the simulated raw frames of one detector and filter."""

    def __init__(self, directory, camera, detector, band, *parameters, counts):
        """counts: of bias, dark, flat and science exposures."""
        self.camera, self.detector = camera, detector
        self.simulation, self.repository = directory / "simulation", directory / "repository"
        kinds = zip(("bias", "dark", "flat", "science"), counts)
        run("simulate", camera, self.simulation, "--seed", 4, "-c", f"detectors=[{detector}]", f"filters=['{band}']",
            *(f"{kind}_exposures={count}" for kind, count in kinds), *parameters)
        run("ingest", self.repository, self.simulation / "raw", "--instrument", camera, "-q")
        run("ingest-calibs", self.repository, self.simulation / "calib", "-q")
        references = self.simulation / "ref_cats"
        if references.is_dir():
            os.symlink(references, self.repository / "ref_cats")

    def rerun(self, name):
        return self.repository / "rerun" / name

    def run(self, pipeline, rerun, *words):
        run("run", pipeline, self.repository, "--rerun", rerun, "--id", "-L", "warn", *words)

    def build(self, kind):
        """Makes and ingests a calibration frame from the raw ones."""
        self.run(f"almagest:calibs/{kind}", kind)
        self.take(kind, self)

    def take(self, kind, night):
        """Ingests a calibration frame that was made in a night."""
        run("ingest-calibs", self.repository, night.rerun(kind) / kind, "-q")

    def calibration(self, kind):
        """Its image."""
        (path,) = (self.rerun(kind) / kind).glob("*.fits")
        with fits.open(path) as file:
            return file["IMAGE"].data.astype(np.float32)

    def processed(self, *steps, kind="science", name=None, words=()):
        """Frames after these steps of the camera's isr.toml, by exposure."""
        name = name or "-".join([kind, *steps])
        pipeline = self.repository / f"{name}.toml"
        listed = ", ".join(f'"{step}"' for step in steps)
        pipeline.write_text(f'schema = 1\ninclude = ["instrument:isr.toml"]\nsteps = [{listed}]\n'
                            f"select = \"observation_type == '{kind}'\"\n[outputs]\npart = \"exposure\"\n")
        self.run(pipeline, name, *words)
        frames = map(Frame, sorted((self.rerun(name) / "part").glob("*.fits")))
        return {frame.exposure: frame for frame in frames}

    def truths(self):
        """By exposure."""
        truths = map(Truth, sorted((self.simulation / "truth").glob("*.fits")))
        return {truth.exposure: truth for truth in truths}

    def gain(self):
        """Electrons per unit of the frames that isr.toml makes, for each pixel or all: HSC's stay in adu."""
        if self.camera != "hsc":
            return 1.0
        with open(SOURCE / "obs_packages/obs_hsc/amplifiers.csv", newline="") as file:
            rows = csv.DictReader(line for line in file if not line.startswith("#"))
            gains = [float(row["gain"]) for row in rows if int(row["detector"]) == self.detector]
        return np.repeat(np.float32(gains), 512)[np.newaxis, :]


def at_the_same_time(*tasks):
    """What these functions return; programs run meanwhile, on as many cores as there are."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


def cells(shape, rows, columns):
    """Slices that divide an image into so many rows and columns."""
    ys = np.linspace(0, shape[0], rows + 1).astype(int)
    xs = np.linspace(0, shape[1], columns + 1).astype(int)
    return [(slice(*y), slice(*x)) for y in zip(ys, ys[1:]) for x in zip(xs, xs[1:])]


def cell_means(image, good, rows=16, columns=16):
    """Means over the good pixels of each cell that has enough of them."""
    means = [image[cell][good[cell]].mean() for cell in cells(image.shape, rows, columns)
             if good[cell].mean() > 0.25]
    return np.array(means)
