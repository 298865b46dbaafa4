"""Frames from which no good catalogue can come: the program says so, names the frame, and leaves nothing broken."""
import pathlib
import re
import shutil
import tempfile
import unittest

import numpy as np
from astropy.io import fits
from astropy.table import Table

from support import ScratchTest, run

FRAME = "run=1000 camcol=3 field=100 filter=r"
BASE = pathlib.Path("1000") / "40"
FRAME_FILE = BASE / "corr" / "3" / "fpC-001000-r3-0100.fit.gz"
MASK_FILE = BASE / "objcs" / "3" / "fpM-001000-r3-0100.fit"
PSF_FILE = BASE / "objcs" / "3" / "psField-001000-3-0100.fit"
PSF_HDU = 3  # of filter r: u g r i z
MASK_HDUS = {"INTERP": 1, "SATUR": 2, "CR": 10}
CRASH = re.compile(r"terminate called|Segmentation|Assertion|Sanitizer|std::|bad_alloc|core dumped")


def cover_with(plane, repository):
    """Sets a plane of the survey's mask in all pixels."""
    path = repository / MASK_FILE
    with fits.open(path, mode="update") as hdus:
        height, width = hdus[0].header["MASKROWS"], hdus[0].header["MASKCOLS"]
        spans = np.array([[y, 0, width - 1] for y in range(height)], ">u2").tobytes()
        column = np.empty(1, object)
        column[0] = np.frombuffer(spans, np.uint8)
        one, zero = np.array([1]), np.array([0])
        numbers = {"refcntr": one, "nspan": np.array([height]), "row0": zero, "col0": zero, "rmin": zero,
                   "rmax": np.array([height - 1]), "cmin": zero, "cmax": np.array([width - 1]),
                   "npix": np.array([height * width])}
        columns = [fits.Column(name, "1J", array=values) for name, values in numbers.items()]
        columns.append(fits.Column("s", f"PB({len(spans)})", array=column))
        hdus[MASK_HDUS[plane]] = fits.BinTableHDU.from_columns(columns)


class BadInput(ScratchTest):
    """Each test spoils a copy of one simulated frame."""

    SIZE = ("width=1024", "height=800", 'filters=["r"]', "cosmic_rays=0", "bad_columns=0")

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="almagest_bad_input_"))
        cls.field = cls.directory / "field"
        run("simulate", "sdss", cls.field, "--seed", 5, "-c", *cls.SIZE, "stars=120", "galaxies=30")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory, ignore_errors=True)

    def copy(self):
        repository = self.scratch / "field"
        shutil.copytree(self.field, repository)
        return repository

    def simulate(self, *parameters):
        repository = self.scratch / "field"
        run("simulate", "sdss", repository, "--seed", 5, "-c", *self.SIZE, *parameters)
        return repository

    def process(self, repository, *words, expect):
        """Returns what the program said, and checks what holds for every end."""
        self.out = self.scratch / "out"
        done = run("process-ccd", repository, "--output", self.out, "--id", *words, expect=expect)
        text = done.stdout + done.stderr
        self.assertNotRegex(text, CRASH)
        for path in self.out.rglob("*"):
            self.assertFalse(path.name.startswith(".") and path.is_file(), f"{path.name} was left behind")
            if path.suffix == ".fits":
                with fits.open(path, checksum=True) as hdus:
                    hdus.verify("exception")
        return text

    def assertSays(self, text, *patterns):
        """One line of the log has the frame and all of the patterns."""
        lines = [line for line in text.splitlines() if FRAME in line]
        for line in lines:
            if all(re.search(pattern, line, re.IGNORECASE) for pattern in patterns):
                return
        self.fail(f"no message about {FRAME} with {patterns}:\n" + "\n".join(lines))

    def product(self, kind):
        path = self.out / "sci-results" / "1000" / "3" / "r" / kind / f"{kind}-001000-r3-0100.fits"
        return path if path.is_file() else None

    def sources(self):
        self.assertIsNotNone(self.product("src"), "no catalogue was written")
        return Table.read(self.product("src"), hdu=1)

    def columns_of_a_good_frame(self):
        good = self.scratch / "good"
        run("process-ccd", self.field, "--output", good, "--id")
        return Table.read(next(good.rglob("src-*.fits")), hdu=1).colnames

    def test_a_good_frame_is_processed_without_a_warning_of_these(self):
        text = self.process(self.field, expect=0)
        self.assertGreater(len(self.sources()), 50)
        self.assertNotRegex(text, r"warning.*no (source|star)")

    def test_no_reference_shard_for_the_region(self):
        repository = self.copy()
        shards = [p for p in (repository / "ref_cats").rglob("*.fits") if p.stem.isdigit()]
        self.assertTrue(shards, "the simulated field has no reference catalogue")
        for path in shards:
            path.unlink()
        text = self.process(repository, expect=1)
        self.assertSays(text, "error", "reference|shard")
        # What needs no reference is there all the same, with the frame's own WCS.
        self.assertGreater(len(self.sources()), 50)
        self.assertIsNotNone(self.product("calexp"))
        self.assertIsNone(self.product("srcMatch"))

    def test_all_sources_flagged(self):
        repository = self.copy()
        cover_with("INTERP", repository)
        text = self.process(repository, expect=1)
        self.assertSays(text, "star", "interpolated")  # why none was chosen
        if self.product("src"):
            sources = self.sources()
            self.assertGreater(len(sources), 50)

    def test_one_star_for_the_aperture_correction(self):
        # One cell of a grid, hence one star, brighter than what the correction wants.
        repository = self.simulate('layout="grid"', "spacing=700", "lowest_snr=600", "highest_snr=600")
        text = self.process(repository, expect=None)
        self.assertSays(text, "no aperture correction of base_PsfFlux", r"\b1\b.*star", "2 needed")

    def test_too_few_stars_for_the_aperture_correction_leave_a_frame_that_is_calibrated(self):
        # As many faint stars as anywhere, but none is bright enough to correct fluxes by.
        self.process(self.field, expect=0)
        good = self.sources()
        shutil.rmtree(self.out)
        snr = "aperture_correction.selector.objectSize.min_signal_to_noise=1e6"
        text = self.process(self.field, "-c", snr, expect=0)
        self.assertSays(text, "warning", "no aperture correction of base_PsfFlux", "times its error")
        said = [line for line in text.splitlines() if "this frame has no aperture correction" in line]
        self.assertEqual(1, len(said), text)
        self.assertNotIn("none", said[0])

        without = self.sources()
        for flux in ("base_PsfFlux", "base_GaussianFlux", "ext_psfFit_PsfFit"):
            self.assertTrue(self.flag(without, flux + "_flag_apCorr").all())
            self.assertTrue(np.isnan(np.ma.filled(without[flux + "_apCorr"], np.nan)).all())
        self.assertLess(self.flag(without, "base_PsfFlux_flag").mean(), 0.2)
        for name in ("calib_astrometry_used", "calib_photometry_used"):
            self.assertGreater(self.flag(without, name).sum(), 0.8 * self.flag(good, name).sum(), name)
        # Classes hardly change, as both fluxes lack a few per cent; nor does the WCS.
        same = without["base_ClassificationExtendedness_value"] == good["base_ClassificationExtendedness_value"]
        self.assertGreater(np.mean(same), 0.8)
        for column in ("coord_ra", "coord_dec"):
            self.assertLess(np.nanmax(np.abs(np.asarray(without[column]) - np.asarray(good[column]))), 1e-7)  # 0.02"

    def test_psf_of_zeros(self):
        repository = self.copy()
        with fits.open(repository / PSF_FILE, mode="update") as hdus:
            hdus[PSF_HDU].data["c"][:] = 0.0
        text = self.process(repository, expect=1)
        self.assertSays(text, "error", "psf")
        self.assertIsNone(self.product("calexp"))
        self.assertIsNone(self.product("src"))

    def test_psf_that_is_not_a_number(self):
        repository = self.copy()
        with fits.open(repository / PSF_FILE, mode="update") as hdus:
            hdus[PSF_HDU].data["c"][:] = np.nan
        text = self.process(repository, expect=1)
        self.assertSays(text, "error", "psf")
        self.assertIsNone(self.product("src"))

    def test_no_sources_gives_an_empty_table_and_says_so(self):
        repository = self.simulate("stars=0", "galaxies=0", "saturated_stars=0")
        text = self.process(repository, "-c", "detect.threshold=8", expect=1)  # nothing to match
        self.assertSays(text, "warning", "no source")
        sources = self.sources()
        self.assertEqual(0, len(sources))
        self.assertEqual(self.columns_of_a_good_frame(), sources.colnames)
        self.assertIsNotNone(self.product("calexp"))
        # It is whole, not half done: once more, and nothing is left to do.
        exported = self.scratch / "sources.csv"
        run("export", self.out, "src", "-o", exported)

    def test_entirely_masked_frame(self):
        repository = self.copy()
        cover_with("SATUR", repository)
        text = self.process(repository, expect=1)
        self.assertSays(text, "error", "masked|no pixel|cell")
        self.assertIsNone(self.product("src"))

    def test_nan_pixels_are_said_and_flagged_and_do_not_spread(self):
        # Frames hold integers: NaN comes in with an exposure that another program wrote.
        self.process(self.field, expect=0)
        before = self.sources()
        x, y, flux, error = (np.asarray(before[name]) for name in (
            "base_SdssCentroid_x", "base_SdssCentroid_y", "base_PsfFlux_instFlux", "base_PsfFlux_instFluxErr"))
        good = ~self.flag(before, "base_PsfFlux_flag") & (before["deblend_nChild"] == 0) & (before["parent"] == 0)
        victim = int(np.argmax(np.where(good, flux, 0)))
        exposure = self.product("icExp")
        self.assertIsNotNone(exposure)
        with fits.open(exposure, mode="update", checksum=True) as hdus:
            column, row = round(x[victim]), round(y[victim])
            hdus["IMAGE"].data[row + 2:row + 4, column + 2:column + 4] = np.nan
            hdus["IMAGE"].data[200:230, 300:330] = np.nan
        text = self.process(self.field, "--steps", "calibrate", "--redo", expect=0)
        self.assertSays(text, "warning", r"\b904 pixels are not finite")

        sources = self.sources()
        spoilt = self.nearest(sources, x[victim], y[victim])
        self.assertTrue(self.flag(sources, "base_PsfFlux_flag")[spoilt])
        self.assertTrue(self.flag(sources, "base_CircularApertureFlux_6_0_flag")[spoilt])
        for name in ("base_SdssCentroid_flag_badPixels", "base_SdssShape_flag", "base_SdssShape_flag_badPixels",
                     "base_GaussianFlux_flag", "ext_photometryKron_KronFlux_flag_bad_pixels"):
            self.assertTrue(self.flag(sources, name)[spoilt], name)
        far = (np.hypot(x - 315, y - 215) > 100) & (np.hypot(x - x[victim], y - y[victim]) > 50)
        bright = np.flatnonzero(good & far & (flux > 20 * error))
        self.assertGreater(len(bright), 10)
        for i in bright:
            same = self.nearest(sources, x[i], y[i])
            self.assertAlmostEqual(1.0, sources["base_PsfFlux_instFlux"][same] / flux[i], delta=0.01)
            self.assertFalse(self.flag(sources, "base_PsfFlux_flag")[same])

    def nearest(self, sources, x, y):
        distance = np.hypot(sources["base_SdssCentroid_x"] - x, sources["base_SdssCentroid_y"] - y)
        self.assertLess(np.nanmin(distance), 0.3)
        return int(np.nanargmin(distance))

    def flag(self, sources, name):
        names = {text: int(card[5:]) - 1 for card, text in sources.meta.items() if card.startswith("TFLAG")}
        return np.asarray(sources["flags"])[:, names[name]]


if __name__ == "__main__":
    unittest.main()
