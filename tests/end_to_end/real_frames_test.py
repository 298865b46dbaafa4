"""Real SDSS frames, raw files to catalogue, read with astropy and compared with the stack's own catalogue."""
import json
import unittest
import warnings

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import Table
from astropy.wcs import WCS

from support import ScratchTest, require_real_data, run, tree


class RealFrames(ScratchTest):
    def setUp(self):
        super().setUp()
        self.demo = require_real_data(self)
        self.out = self.scratch / "out"
        before = tree(self.demo / "input")
        run("process-ccd", self.demo / "input", "--output", self.out, "--id", "-j", 2)
        self.assertEqual(before, tree(self.demo / "input"))

    def test_five_exposures_and_catalogues_open_in_astropy(self):
        for kind in ("calexp", "src"):
            self.assertEqual(5, len([p for p in self.out.rglob(f"{kind}-*.fits") if p.name.startswith(kind)]))
        warnings.simplefilter("error")
        for path in sorted(self.out.rglob("calexp-*.fits")):
            if not path.name.startswith("calexp"):
                continue
            with fits.open(path, checksum=True) as hdus:
                hdus.verify("exception")
                self.assertEqual(["IMAGE", "MASK", "VARIANCE"], [hdu.name for hdu in hdus[1:4]])
                self.assertEqual((1361, 2048), hdus["IMAGE"].data.shape)
                self.assertEqual(1, hdus["MASK"].header["MP_SAT"])
                for name in ("IMAGE", "MASK", "VARIANCE"):
                    WCS(hdus[name].header)
        for path in sorted(self.out.rglob("src-*.fits")):
            table = Table.read(path, hdu=1)
            self.assertGreater(len(table), 50)
            self.assertTrue(np.all(np.diff(table["id"]) > 0))

    def test_ccddata_reads_mask_and_variance(self):
        path = next(p for p in self.out.rglob("calexp-*.fits") if "-r4-" in p.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ccd = CCDData.read(path, hdu=1, hdu_mask="MASK", hdu_uncertainty="VARIANCE", unit="adu")
        self.assertEqual("var", ccd.uncertainty.uncertainty_type)

    def test_all_products_of_a_frame_are_stored_under_the_stack_s_names(self):
        for kind in ("calexp", "src", "srcMatch", "icExp", "icSrc", "icMatch", "apCorr", "psf"):
            names = [p.name for p in self.out.glob(f"sci-results/4192/4/*/{kind}/{kind}-004192-?4-0300.fits")]
            self.assertEqual(5, len(names), kind)
        self.assertEqual(5, len(list(self.out.glob("sci-results/4192/4/*/bkgd/bkgd-calexp-004192-?4-0300.fits"))))


class Parity(ScratchTest):
    """The stack's own numbers, from the pipeline that has its quirks. Ratios are A/B - 1, positions in pixels, xy in
    square pixels, the sky in mas."""

    FLUXES = ("psf", "psfErr", "ap6", "ap6Err")
    SHAPES = ("xx", "yy", "xxErr", "xyErr", "yyErr", "dxy")
    POSITIONS = ("dx", "dy", "xErr", "yErr")
    GAUSSIAN = ("gauss", "gaussErr")  # the least stable fit of them
    SKY = ("dra_mas", "ddec_mas")
    # Least shares of all rows that agree.
    SHARES = {"psf<1%": 0.999, "extAgree": 0.995, "agree_cflag": 0.999, "agree_sflag": 0.998, "agree_edge": 1.0,
              "agree_sat": 0.998, "agree_satC": 0.998, "agree_interp": 1.0, "agree_interpC": 0.998}

    def test_all_five_frames_are_the_stack_s(self):
        demo = require_real_data(self)
        out, numbers = self.scratch / "out", self.scratch / "numbers.json"
        run("run", "almagest:parity/lsst_stack_demo", demo / "input", "--output", out, "--id", "-j", 2)
        exported = self.scratch / "detected-sources.txt"
        run("export", out, "src", "-o", exported)
        run("compare", exported, demo / "expected" / "detected-sources.txt", "--run", 4192, "--json", numbers)
        frames = json.loads(numbers.read_text())
        self.assertEqual([f"run=4192 camcol=4 field=300 filter={band}" for band in "ugriz"],
                         [frame["frame"] for frame in frames])
        for frame in frames:
            with self.subTest(frame=frame["frame"]):
                self.assertEqual(frame["rows_b"], frame["rows_a"])
                self.assertEqual(frame["rows_b"], frame["matched"])
                self.assertTrue(frame["same_ids"])
                every, bright = frame["samples"]["all"], frame["samples"]["SN>20"]
                for sample in (every, bright):
                    self.expect(sample, self.FLUXES + self.SHAPES + self.POSITIONS, 1e-5, "median", "scatter")
                    self.expect(sample, self.GAUSSIAN, 2e-5, "median", "scatter")
                    self.expect(sample, self.SKY, 1.0, "median", "scatter")
                # The faintest hang on the last digit: a fit that ends one step later.
                self.expect(every, self.FLUXES + self.GAUSSIAN + self.SHAPES[:-1], 1e-4, "p97")
                self.expect(every, ("dxy",), 1e-3, "p97")
                self.expect(every, self.POSITIONS, 1e-5, "p97")
                self.expect(every, self.SKY, 1.0, "p97")
                self.expect(bright, self.FLUXES + self.POSITIONS, 1e-5, "worst")
                self.expect(bright, self.GAUSSIAN + self.SHAPES[:-1], 1e-3, "worst")
                self.expect(bright, ("dxy",), 5e-3, "worst")
                for share, least in self.SHARES.items():
                    self.assertGreaterEqual(every[share], least, share)

    def expect(self, sample, names, limit, *measures):
        for name in names:
            for measure in measures:
                value = sample[name][measure]  # null is infinite: one of the two has no value
                self.assertTrue(value is not None and abs(value) <= limit, f"{name} {measure} {value}")


if __name__ == "__main__":
    unittest.main()
