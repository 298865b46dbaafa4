"""Raw frames of declared cameras: written in the camera's own layout, and understood by its own translation."""
import csv
import os
import unittest

from support import IN_CI, TESTDATA, ScratchTest, run, tree

ONE_OF_EACH = ("bias_exposures=1", "dark_exposures=0", "flat_exposures=1", "science_exposures=1")

# The example of a new camera, with a smaller CCD.
FOO = """
[camera]
name        = "fooCam"
plate_scale = 0.27
match       = [{ INSTRUME = "FOO", TELESCOP = "BAR.*" }]
[data_id]
keys  = ["visit", "ccd"]
roles = { exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }
[header]
visit   = { key = "OBSNUM", type = "int" }
ccd     = { key = "CCDNUM", type = "int" }
filter  = { key = "FILTER", map = { "SDSS r" = "r", "SDSS g" = "g" } }
begin            = { time = ["DATE-OBS"], timescale = "utc" }
exposure_time    = { key = ["EXPTIME", "EXPOSURE"], unit = "s" }
observation_type = { key = "OBSTYPE", case = "lower", map = { object = "science", zero = "bias" } }
ra               = { key = "RA", unit = "hms" }
dec              = { key = "DEC", unit = "dms" }
boresight_rotation_angle = 0
[paths]
raw = "raw/{begin:%Y-%m-%d}/{visit:08d}_{ccd:02d}.fits"
[detector.default]
size       = [400, 300]
pixel_um   = 15
saturation = 60000
[detector.default.amp.A]
hdu        = 1
data       = "DATASEC"
overscan   = "BIASSEC"
gain       = { key = "GAIN", default = 1.4 }
read_noise = 6.0
[detector.1]
offset_mm = [0, 0]
"""


class SimulateCamera(ScratchTest):

    def simulate(self, camera, *parameters, seed=1, **options):
        out = self.scratch / f"{camera}{seed}"
        run("simulate", camera, out, "--seed", seed, "-c", *ONE_OF_EACH, *parameters, **options)
        return out

    def foo(self, toml=FOO):
        package = self.scratch / "obs" / "fooCam"
        package.mkdir(parents=True, exist_ok=True)
        (package / "camera.toml").write_text(toml)
        return {"env": {**os.environ, "ALMAGEST_OBS_PATH": str(self.scratch / "obs")}}

    def names(self, out):
        return sorted(path.name for path in (out / "raw").iterdir())

    def test_hsc_reads_back(self):
        # The program itself compares what the camera's translation and reader make of each file.
        out = self.simulate("hsc", "detectors=[22]", "filters=['HSC-R']", "first_exposure=903342")
        self.assertEqual(["HSCA90334227.fits", "HSCA90334427.fits", "HSCA90334627.fits"], self.names(out))
        self.assertEqual(["bf_kernel-022.fits", "crosstalk-022.fits", "defects-022.fits", "deferred_charge-022.fits",
                          "linearity-022.fits"],
                         sorted(path.name for path in (out / "calib").iterdir()))

    def test_lsst_family_reads_back(self):
        for camera, name in (("lsstcam", "MC_O_20250919_000001_R22_S11.fits"), ("latiss", "AT_O_20240623_000001_R00_S00.fits"),
                             ("imsim", "imsim_00204600_R11_S20.fits")):
            with self.subTest(camera=camera):
                self.assertEqual(name, self.names(self.simulate(camera, "flat_exposures=0", "science_exposures=0"))[0])

    def test_a_camera_of_one_toml_file(self):
        out = self.simulate("fooCam", "filters=['g']", **self.foo())
        self.assertEqual([f"fooCam-0000100{i}-001.fits" for i in (0, 1, 2)], self.names(out))
        with open(out / "truth.csv") as truth:
            rows = list(csv.DictReader(truth))
        self.assertTrue(rows)
        self.assertEqual({("1002", "1", "g")}, {(row["exposure"], row["detector"], row["filter"]) for row in rows})
        again = self.scratch / "again"
        run("simulate", "fooCam", again, "--seed", 1, "-c", *ONE_OF_EACH, "filters=['g']", **self.foo())
        self.assertSameTree(out, again)
        self.assertNotEqual(tree(out), tree(self.simulate("fooCam", "filters=['g']", seed=2, **self.foo())))

    def test_a_real_reference_catalogue_is_the_sky(self):
        shards = TESTDATA / "refcat"
        if not shards.is_dir():
            self.assertFalse(IN_CI, f"no test data in {shards}")
            self.skipTest(f"no test data in {shards} (ALMAGEST_TESTDATA)")
        out = self.simulate("hsc", "detectors=[23]", "flat_exposures=0", "bias_exposures=0",
                            f"reference_catalog={shards / 'ps1_pv3_3pi_20170110'}",
                            f"position_catalog={shards / 'gaia_dr2_20200414'}")
        with open(out / "truth.csv") as truth:
            rows = list(csv.DictReader(truth))
        # As many as PS1 has there, and its 18 digits survive.
        self.assertGreater(len(rows), 500)
        self.assertTrue(all(len(row["id"]) == 18 for row in rows[:50]))
        self.assertFalse((out / "ref_cats").exists())

    def test_rules_that_cannot_be_turned_about_are_named(self):
        options = self.foo(FOO.replace('{ key = "OBSNUM", type = "int" }', '{ expr = "num(OBSNUM) + 7", type = "int" }'))
        done = run("simulate", "fooCam", self.scratch / "out", "-c", *ONE_OF_EACH, expect=2, **options)
        self.assertIn("parameter 'cards'", done.stderr)
        self.assertFalse((self.scratch / "out").exists())
        # Its card, by hand: the exposure's number is 7 more.
        out = self.simulate("fooCam", "first_exposure=8", "bias_exposures=0", "flat_exposures=0",
                            "cards={ OBSNUM = '1' }", **options)
        self.assertEqual(["fooCam-00000008-001.fits"], self.names(out))

    def test_an_unknown_camera(self):
        done = run("simulate", "nocam", self.scratch / "out", expect=2)
        self.assertIn("'nocam'", done.stderr)
        self.assertIn("hsc", done.stderr)


if __name__ == "__main__":
    unittest.main()
