"""A new camera: the page docs/cameras.md, whose camera.toml and commands are run as they stand there, and cameras that
are proposed from a raw frame."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import numpy as np
from astropy.io import fits

from support import PROGRAM, SOURCE, ScratchTest, run, statistics

PAGE = SOURCE / "docs" / "cameras.md"
MOST_LINES = 60


def blocks(language):
    """The texts of the page's fenced blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


class ObsPackageTest(ScratchTest):
    def almagest(self, *words, package, **options):
        return run(*words, cwd=self.scratch, env={**os.environ, "ALMAGEST_OBS_PATH": str(package)}, **options)

    def check_camera(self, name, *files, package, expect=0):
        """What check-camera says of each file."""
        done = self.almagest("check-camera", name, *files, "--json", package=package, expect=expect)
        self.assertEqual("", done.stderr)
        return json.loads(done.stdout)

    def assertIsPng(self, path):
        self.assertEqual(b"\x89PNG\r\n\x1a\n", path.read_bytes()[:8])


class FooCam(ObsPackageTest):
    def test_the_pages_camera_from_raw_frames_to_a_catalogue(self):
        (camera,), (commands,) = blocks("toml"), blocks("sh")
        self.assertLessEqual(len(camera.splitlines()), MOST_LINES)
        package = self.scratch / "obs_fooCam"
        package.mkdir()
        (package / "camera.toml").write_text(camera)
        path = f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-euc", commands], cwd=self.scratch, env={**os.environ, "PATH": path},
                              capture_output=True, text=True, timeout=500)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIsPng(self.scratch / "fooCam-00001009-001.png")
        self.assertGreater(len((self.scratch / "sources.csv").read_text().splitlines()), 500)
        self.compare_with_truth()

    @statistics
    def compare_with_truth(self):
        compared = subprocess.run([sys.executable, SOURCE / "scripts" / "check_camera_truth.py", self.scratch / "out",
                                   self.scratch / "night" / "truth.csv", "--check"], capture_output=True, text=True)
        self.assertEqual(0, compared.returncode, compared.stdout + compared.stderr)


def header_of(**cards):
    header = fits.Header()
    for name, value in cards.items():
        header[name.replace("_", "-")] = value
    return header


COMMON = {"INSTRUME": "BarCam (v2.1)", "TELESCOP": "1.5 m", "DATE_OBS": "2019-03-04T05:06:07.8", "EXPTIME": 30.0,
          "FILTER": "SDSS i", "RA": "12:34:56.7", "DEC": "-01:02:03", "OBJECT": "M 87", "OBSTYPE": "OBJECT",
          "AIRMASS": 1.2, "TIMESYS": "UTC"}


def noisy(width, height):
    return np.random.default_rng(1).normal(1000, 4, (height, width)).astype(np.uint16)


def one_amplifier():
    """A whole CCD in the primary HDU, sections in its cards, an exposure number in a text."""
    header = header_of(**COMMON, OBSID="ct19m0304.0123", CCDNUM=3, GAIN=1.7, RDNOISE=6.8, SATURATE=64000,
                       DATASEC="[1:200,1:100]", TRIMSEC="[11:190,3:98]", BIASSEC="[201:230,1:100]", PIXSCALE=0.4,
                       PIXSIZE1=13.5)
    header["OBS-ID"] = header.pop("OBSID")
    header["EXPNUM"] = 123
    return fits.HDUList([fits.PrimaryHDU(noisy(230, 100), header)]), {"visit": 123, "ccd": 3}


def two_amplifiers_in_one_image():
    header = header_of(**COMMON, FRAMEID="BAR00098765", DSEC1="[1:90,1:80]", BSEC1="[181:190,1:80]",
                       DSEC2="[91:180,1:80]", BSEC2="[191:200,1:80]", CSEC1="[1:90,1:80]", CSEC2="[91:180,1:80]")
    return fits.HDUList([fits.PrimaryHDU(noisy(200, 80), header)]), {"visit": 98765, "ccd": 1}


def amplifiers_in_hdus():
    """Four images, the upper ones read from above: DETSEC runs backwards."""
    boxes = {"A1": "[1:50,1:40]", "A2": "[100:51,1:40]", "B1": "[1:50,80:41]", "B2": "[100:51,80:41]"}
    hdus = [fits.PrimaryHDU(header=header_of(**COMMON, RUN=77))]
    for name, box in boxes.items():
        hdus.append(fits.CompImageHDU(noisy(64, 48), header_of(DATASEC="[5:54,1:40]", BIASSEC="[55:64,1:40]",
                                                               DETSEC=box, GAIN=2.0, EXTNAME=name)))
    return fits.HDUList(hdus), {"visit": 77, "ccd": 1}


def next_to_nothing():
    """An image of which the headers tell only the date."""
    return fits.HDUList([fits.PrimaryHDU(noisy(60, 50), header_of(DATE_OBS="2020-01-01T00:00:10"))]), None


class NewCamera(ObsPackageTest):
    def propose(self, hdus):
        """Writes the frame and the proposal for it; returns the frame, the package and the proposal's text."""
        raw, package = self.scratch / "raw.fits", self.scratch / "obs_bar"
        hdus.writeto(raw)
        self.almagest("new", "camera", "bar", "--from", raw, "-o", package, package=package)
        return raw, package, (package / "camera.toml").read_text()

    def check(self, make):
        hdus, data_id = make()
        raw, package, text = self.propose(hdus)
        self.assertLessEqual(len(text.splitlines()), MOST_LINES)
        checked, = self.check_camera("bar", raw, package=package)
        self.assertEqual([], checked["problems"])
        if data_id:
            self.assertEqual(data_id, checked["id"])
        self.assertIn("bar", checked["recognised_by"])
        return text, checked

    def test_one_amplifier(self):
        text, checked = self.check(one_amplifier)
        amplifier, = checked["amplifiers"]
        self.assertEqual({"x0": 10, "y0": 2, "width": 180, "height": 96}, amplifier["raw_data"])
        self.assertEqual({"x0": 200, "y0": 0, "width": 30, "height": 100}, amplifier["raw_serial_overscan"])
        self.assertEqual((1.7, 6.8, 64000), tuple(amplifier[key] for key in ("gain", "read_noise", "saturation")))
        properties = checked["properties"]
        self.assertEqual(("i", 30.0, "science", "M 87"), tuple(
            properties[key] for key in ("filter", "exposure_time", "observation_type", "object")))
        self.assertAlmostEqual(188.73625, properties["ra"], places=6)  # 15 (12 + 34/60 + 56.7/3600)
        self.assertAlmostEqual(-1.0341666667, properties["dec"], places=6)
        self.assertAlmostEqual(58546.2130185, properties["begin"], places=6)  # 05:06:07.8 + 37 s
        self.assertEqual([], [line for line in text.splitlines() if "TODO" in line and "pixel" in line])

    def test_two_amplifiers_in_one_image(self):
        _, checked = self.check(two_amplifiers_in_one_image)
        self.assertEqual([0, 90], [amplifier["box"]["x0"] for amplifier in checked["amplifiers"]])
        self.assertEqual([10, 10], [amplifier["raw_serial_overscan"]["width"] for amplifier in checked["amplifiers"]])

    def test_amplifiers_in_hdus(self):
        _, checked = self.check(amplifiers_in_hdus)
        by_name = {amplifier["name"]: amplifier for amplifier in checked["amplifiers"]}
        flips = {name: (amplifier["flip_x"], amplifier["flip_y"]) for name, amplifier in by_name.items()}
        self.assertEqual({"A1": (False, False), "A2": (True, False), "B1": (False, True), "B2": (True, True)}, flips)
        self.assertEqual({"x0": 50, "y0": 40, "width": 50, "height": 40}, by_name["B2"]["box"])
        self.assertEqual("upper_right", by_name["B2"]["read_corner"])

    def test_what_headers_do_not_tell_is_marked(self):
        text, checked = self.check(next_to_nothing)
        todo = [line for line in text.splitlines() if "TODO" in line]
        for word in ("match", "plate_scale", "visit", "ccd", "filter", "exposure_time", "observation_type", "ra", "gain",
                     "read_noise", "saturation", "data", "overscan"):
            self.assertTrue(any(word in line.split("=")[0] for line in todo), word)
        self.assertEqual(60 * 50, checked["amplifiers"][0]["box"]["width"] * checked["amplifiers"][0]["box"]["height"])

    def test_what_is_there_is_not_replaced(self):
        raw, package, text = self.propose(one_amplifier()[0])
        again = self.almagest("new", "camera", "bar", "--from", raw, "-o", package, package=package, expect=2)
        self.assertIn("is there already", again.stderr)
        self.assertEqual(text, (package / "camera.toml").read_text())
        self.assertIn("no name for a camera",
                      self.almagest("new", "camera", "../x", "--from", raw, package=package, expect=2).stderr)
        self.assertIn("nothing new is called 'telescope'",
                      self.almagest("new", "telescope", package=package, expect=2).stderr)


class CheckCamera(ObsPackageTest):
    """Sections that do not fit together, and other cameras' files."""

    PACKAGE = """
        [camera]
        name        = "{name}"
        plate_scale = 0.4
        match       = [{{ INSTRUME = "{match}" }}]
        [data_id]
        keys  = ["visit", "ccd"]
        roles = {{ exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }}
        [header]
        visit  = {{ key = "EXPNUM" }}
        ccd    = 1
        filter = {{ key = "FILTER" }}
        begin  = {{ time = ["DATE-OBS"], timescale = "utc" }}
        [detector.1]
        size     = [{size}]
        pixel_um = 15
        [detector.1.amp.A]
        data = "{data}"
        box  = "[1:90,1:100]"
        [detector.1.amp.B]
        data = "[91:180,1:100]"
        box  = "{box}"
    """

    def write(self, name, match="BarCam", size="180, 100", data="[1:90,1:100]", box="[91:180,1:100]"):
        package = self.scratch / "packages" / name
        package.mkdir(parents=True)
        text = self.PACKAGE.format(name=name, match=match, size=size, data=data, box=box)
        (package / "camera.toml").write_text(text)
        return self.scratch / "packages"

    def problems(self, name="bar"):
        raw = self.scratch / "raw.fits"
        one_amplifier()[0].writeto(raw, overwrite=True)
        checked, = self.check_camera(name, raw, package=self.scratch / "packages", expect=None)
        return checked["problems"], checked["remarks"]

    def test_sections_that_fit(self):
        self.write("bar", match="BarCam.*")
        self.assertEqual([], self.problems()[0])

    def test_pixels_that_nobody_fills(self):
        self.write("bar", match="BarCam.*", size="200, 100")
        self.assertRegex(self.problems()[0][0], "fill 18000 pixels of the detector's 20000")

    def test_amplifiers_on_top_of_each_other(self):
        self.write("bar", match="BarCam.*", box="[81:170,1:100]")
        self.assertRegex(self.problems()[0][0], "amplifier B: .*overlaps")

    def test_a_file_of_another_camera(self):
        self.write("bar", match="Baz")
        self.write("other", match="BarCam.*")
        problems, _ = self.problems()
        self.assertRegex(problems[0], "'match' of camera.toml does not fit.*recognised by other")
        self.write("third", match="barcam.*")
        self.assertRegex(" ".join(self.problems("other")[1]), "recognised by several cameras: other, third")


if __name__ == "__main__":
    unittest.main()
