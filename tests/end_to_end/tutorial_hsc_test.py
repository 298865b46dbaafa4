"""The HSC tutorials command by command (one image, 2017; processCcd and reruns, 2018), on simulated raw frames: the same
tree of files, the same rows in the registry."""
import os
import pathlib
import re
import shutil
import sqlite3
import tempfile
import unittest

import numpy as np
from astropy.io import fits

from support import run

RAW = pathlib.Path("SSP_UDEEP_SXDS/2015-10-10/01378/HSC-R/HSC-0040984-055.fits")
ROW = (1, "SSP_UDEEP_SXDS", 40984, 55, 1378, "HSC-R", "o15426", "2015-10-10", "2015-10-10", 300.0, 0.0, 1, -100.65,
       "20140306.cfg", "HSCA04098410", "HSCA04098400", "OBJECT")
VISIT_ROW = (40984, "SSP_UDEEP_SXDS", "HSC-R", "2015-10-10", "2015-10-10")
COLUMNS = ("id field visit ccd pointing filter proposal dateObs taiObs expTime pa autoguider ccdTemp config frameId "
           "expId dataType").split()

# Under output/01378/HSC-R, for visit 40984 and ccd 55. (The stack's suffix of metadata is .boost.)
OUTPUTS = {"corr/BKGD-0040984-055.fits", "corr/CORR-0040984-055.fits", "output/ICSRC-0040984-055.fits",
           "output/SRC-0040984-055.fits", "output/SRCMATCH-0040984-055.fits", "output/SRCMATCHFULL-0040984-055.fits",
           "processCcd_metadata/0040984-055.toml", "thumbs/flattened-0040984-055.png", "thumbs/oss-0040984-055.png"}

FIELD = ["detectors=[55]", 'date="2015-10-10T10:00:00"', "pointing=[34.5, -5.0]", 'object="SSP_UDEEP_SXDS"',
         "proper_motion=0"]


def simulate(out, exposures, *words):
    """Raw frames of the tutorial's field; `exposures` says how many bias, dark, flat and science frames."""
    counts = [f"{kind}_exposures={exposures.get(kind, 0)}" for kind in ("bias", "dark", "flat", "science")]
    run("simulate", "hsc", out, "-c", *FIELD, *counts, *words)


class Tutorial(unittest.TestCase):
    """Each test goes on where the one before ended, as a reader of the tutorial does."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="almagest_hsc_"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        cls.make_calibrations()
        cls.make_raws()
        cls.input = cls.scratch / "input"
        cls.input.mkdir()
        (cls.input / "_mapper").write_text("lsst.obs.hsc.HscMapper\n")
        os.symlink(cls.scratch / "20170105", cls.input / "CALIB")
        os.symlink(cls.scratch / "refcats", cls.input / "ref_cats")

    @classmethod
    def make_calibrations(cls):
        """What the tutorial downloads: CALIB with its calibRegistry.sqlite3."""
        night, repository, calib = (cls.scratch / name for name in ("night", "repository", "20170105"))
        simulate(night, {"bias": 3, "dark": 3, "flat": 3}, "first_exposure=40000", 'filters=["HSC-R", "HSC-I"]')
        run("create", repository, "--instrument", "hsc")
        run("ingest", repository, night / "raw")
        for kind in ("bias", "dark", "flat"):
            run("run", f"almagest:calibs/{kind}", repository, "--rerun", kind, "--id", "-j", 2)
            run("ingest-calibs", repository, repository / "rerun" / kind / kind)
        shutil.copytree(repository / "CALIB", calib)
        with sqlite3.connect(calib / "calibRegistry.sqlite3") as registry:
            for kind, name in (("bias", "BIAS-*-*.fits"), ("dark", "DARK-*-*.fits"), ("flat", "FLAT-*-*.fits")):
                registry.execute(f"create table {kind} (id integer primary key autoincrement, filter text, ccd int, "
                                 "calibDate text, validStart text, validEnd text, unique(filter, ccd, calibDate))")
                for path in calib.rglob(name):
                    _, date, band, _ = path.relative_to(calib).parts
                    registry.execute(f"insert into {kind} values (null, ?, 55, ?, '2015-01-01', '2016-01-01')",
                                     (band, date))

    @classmethod
    def make_raws(cls):
        """HSCA04098410.fits of the tutorial, and a frame in another filter."""
        simulate(cls.scratch / "r", {"science": 1}, "first_exposure=40984", 'filters=["HSC-R"]', "exposure_time=300")
        simulate(cls.scratch / "i", {"science": 1}, "first_exposure=40990", 'filters=["HSC-I"]', "exposure_time=30")
        shutil.copytree(cls.scratch / "r" / "ref_cats", cls.scratch / "refcats")
        cls.raw = cls.scratch / "r" / "raw" / "HSCA04098410.fits"
        for path in (cls.raw, cls.scratch / "i" / "raw" / "HSCA04099010.fits"):
            with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
                hdus[0].header.update({"PROP-ID": "o15426", "T_AG": True, "T_CCDTV": -100.65,
                                       "T_CFGFIL": "20140306.cfg"})
                for card in ("CHECKSUM", "DATASUM"):
                    hdus[0].header.remove(card, ignore_missing=True)

    def rows(self, table):
        with sqlite3.connect(self.input / "registry.sqlite3") as registry:
            cursor = registry.execute(f"select * from {table}")
            return [column[0] for column in cursor.description], cursor.fetchall()

    def test_1_ingest_images(self):
        """ingestImages.py input …/HSCA04098410.fits"""
        done = run("ingest", self.input, self.raw)
        self.assertRegex(done.stdout + done.stderr, re.escape(f"{self.raw} --<link>--> {self.input / RAW}"))
        self.assertTrue((self.input / RAW).is_symlink())
        self.assertTrue((self.input / RAW).samefile(self.raw))
        columns, rows = self.rows("raw")
        self.assertEqual(COLUMNS, columns)
        self.assertEqual([ROW], rows)
        columns, rows = self.rows("raw_visit")
        self.assertEqual("visit field filter dateObs taiObs".split(), columns)
        self.assertEqual([VISIT_ROW], rows)

    def test_2_process_ccd(self):
        """processCcd.py input --output output --id visit=40984 ccd=55"""
        output = self.scratch / "output"
        command = ["process-ccd", self.input, "--output", output, "--id", "visit=40984", "ccd=55"]
        done = run(*command)
        products = {str(path.relative_to(output / "01378" / "HSC-R"))
                    for path in (output / "01378" / "HSC-R").rglob("*") if path.is_file()}
        self.assertEqual(OUTPUTS, products)
        self.assertEqual({"01378", "almagest.toml", "config", "registry.sqlite3", "schema"},
                         {path.name for path in output.iterdir()})
        self.assertEqual({"packages.json", "pipeline.toml"}, {path.name for path in (output / "config").iterdir()})
        self.assertLessEqual({"icSrc.fits", "src.fits"}, {path.name for path in (output / "schema").iterdir()})
        with fits.open(output / "01378" / "HSC-R" / "corr" / "CORR-0040984-055.fits") as hdus:
            for name in ("IMAGE", "MASK", "VARIANCE"):
                self.assertEqual((4176, 2048), hdus[name].shape)
            self.assertIn("FLUXMAG0", hdus[0].header)
        with fits.open(output / "01378" / "HSC-R" / "output" / "SRC-0040984-055.fits") as hdus:
            names = hdus[1].columns.names
            self.assertIn("ext_photometryKron_KronFlux_instFlux", names)
            self.assertGreater(len(hdus[1].data), 500)
            self.assertTrue(np.isfinite(hdus[1].data["coord_ra"]).mean() > 0.9)
        self.assertIn("Gaussian", done.stderr)  # the log says what stands in for a PSF model

        again = run(*command, "-c", "detect.threshold=7", expect=2)
        self.assertIn("task.detect.params.threshold", again.stderr)
        self.assertIn("--clobber-config", again.stderr)

    def test_3_show_data(self):
        """processCcd.py DATA --rerun processCcdOutputs --id [filter=HSC-I] --show data"""
        run("ingest", self.input, self.scratch / "i" / "raw" / "HSCA04099010.fits")
        command = ["process-ccd", self.input, "--rerun", "processCcdOutputs", "--id"]
        lines = run(*command, "--show", "data").stdout.splitlines()
        self.assertEqual(2, len(lines), lines)
        for key, value in (("taiObs", "2015-10-10"), ("pointing", "1378"), ("visit", "40984"), ("dateObs", "2015-10-10"),
                           ("filter", "HSC-R"), ("field", "SSP_UDEEP_SXDS"), ("ccd", "55"), ("expTime", "300.0")):
            self.assertRegex(lines[0], rf"\b{key}={re.escape(value)}(\s|$)")
        lines = run(*command, "filter=HSC-I", "--show", "data").stdout.splitlines()
        self.assertEqual(1, len(lines), lines)
        self.assertRegex(lines[0], r"\bvisit=40990\b")
        self.assertFalse((self.input / "rerun" / "processCcdOutputs").exists())

    def test_4_reruns(self):
        """processCcd.py DATA --rerun processCcdOutputs --id, and a rerun that goes on from it."""
        run("process-ccd", self.input, "--rerun", "processCcdOutputs", "--id", "-j", 2)
        outputs = self.input / "rerun" / "processCcdOutputs" / "01378"
        self.assertTrue((outputs / "HSC-R" / "corr" / "CORR-0040984-055.fits").is_file())
        calexp = outputs / "HSC-I" / "corr" / "CORR-0040990-055.fits"
        with fits.open(calexp) as hdus:  # both calibrations are in
            self.assertIn("MAGZERO", hdus[0].header)
            self.assertGreater(hdus[0].header["ASTNFIT"], 20)
        run("process-ccd", self.input, "--rerun", "processCcdOutputs:chained", "--id", "filter=HSC-I",
            "-c", "detect.threshold=10")
        self.assertTrue((self.input / "rerun" / "chained" / "01378" / "HSC-I" / "output" /
                         "SRC-0040990-055.fits").is_file())
        listed = run("query", self.input, "--reruns").stdout
        self.assertIn("processCcdOutputs", listed)
        self.assertIn("chained", listed)


if __name__ == "__main__":
    unittest.main()
