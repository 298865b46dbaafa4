"""Whole simulated nights of HSC and of both makes of LSSTCam's CCDs: calibration frames from raws, exposures and
catalogues, held against the truth."""
import functools
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

from simulated_night import Frame, Night, at_the_same_time, cell_means, cells
from support import SOURCE, run, statistics, tree

NIGHTS = {"hsc": ("hsc", 50, "HSC-I"), "e2v": ("lsstcam", 94, "i_39"), "itl": ("lsstcam", 0, "i_39")}
# Few exposures and objects. An even sky shows what flats leave.
PARAMETERS = ("truth_images=true", "stars=4", "galaxies=2", 'without=["sky_gradient"]')
CALIBRATIONS = ("bias", "dark", "flat")


@statistics
class Bars(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="almagest_isr_"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        made = at_the_same_time(*(functools.partial(cls.night, name) for name in NIGHTS))
        cls.nights = dict(zip(NIGHTS, made))

    @classmethod
    def night(cls, name):
        """A night with its calibration frames, and catalogues of all but one."""
        night = Night(cls.scratch / name, *NIGHTS[name], *PARAMETERS, counts=(2, 2, 2, 1))
        for kind in CALIBRATIONS:
            night.build(kind)
        night.flat = night.calibration("flat")
        (night.frame,) = night.processed("isr", name="isr").values()
        (night.truth,) = night.truths().values()
        night.blank = night.truth.blank() & (night.frame.mask == 0)
        if name != "itl":
            cls.catalogue(night, "science")
        return night

    @staticmethod
    def catalogue(night, rerun, *words):
        run("process-ccd", night.repository, "--rerun", rerun, "--id", "-L", "warn", *words)

    def each(self):
        for name, night in self.nights.items():
            with self.subTest(name):
                yield name, night

    def test_sky_and_its_scatter(self):
        for name, night in self.each():
            expected = night.truth.electrons / (night.gain() * night.flat)
            levels = cell_means(night.frame.image / expected, night.blank)
            pull = ((night.frame.image - expected) / np.sqrt(night.frame.variance))[night.blank]
            print(f"{name}: sky over truth {levels.mean():.4f} ({levels.min():.4f} to {levels.max():.4f}); "
                  f"scatter over predicted {pull.std():.4f}")
            self.assertLess(np.abs(levels - 1).max(), 0.005)
            self.assertAlmostEqual(1, pull.std(), delta=0.02)

    def test_flat(self):
        for name, night in self.each():
            levels = cell_means(night.frame.image, night.blank)
            levels /= levels.mean()
            response = night.truth.electrons / night.gain()  # times the sky, which is even
            pixels = []
            for cell in cells(response.shape, 32, 32):
                ratio = (night.flat[cell] / response[cell])[night.blank[cell]]
                if ratio.size > 1000:
                    pixels.append(1.4826 * np.median(np.abs(ratio / np.median(ratio) - 1)))
            print(f"{name}: flattened sky even to {levels.std():.4f} rms, {np.abs(levels - 1).max():.4f} at most; "
                  f"pixels of the flat to {np.mean(pixels):.4f}")
            self.assertLess(np.abs(levels - 1).max(), 0.005)
            self.assertLess(np.mean(pixels), 0.005)

    def test_gain_from_pairs_of_flats(self):
        steps = {"hsc": ("saturation", "overscan", "assemble", "linearity"),
                 "lsstcam": ("overscan", "saturation", "gain", "parallel_overscan", "assemble")}
        for name, night in self.each():
            a, b = (frame.image for frame in night.processed(*steps[night.camera], kind="flat").values())
            rows, columns = (1, 4) if name == "hsc" else (2, 8)
            ratios = []
            for cell in cells(a.shape, rows, columns):
                # Half the variance of the difference: noise of the light and of reading; cosmic rays are cut off.
                left, right = (frame[cell][30:-30, 30:-30] for frame in (a, b))
                level = 0.5 * (left.mean() + right.mean())
                difference = left * (level / left.mean()) - right * (level / right.mean())
                limit = 5 * 1.4826 * np.median(np.abs(difference))
                variance = 0.5 * difference[np.abs(difference) < limit].var()
                gain = night.gain()[0, cell[1].start] if name == "hsc" else 1.0
                read_noise = 4.5 if name == "hsc" else 6.0  # to about 1, which is 0.05 % of the variance
                ratios.append(level / (variance - (read_noise / gain) ** 2) / gain)
            print(f"{name}: gain over true {min(ratios):.4f} to {max(ratios):.4f}")
            self.assertLess(np.abs(np.array(ratios) - 1).max(), 0.01)

    def test_cosmic_rays(self):
        for name in ("hsc", "e2v"):
            night = self.nights[name]
            pattern = "*/*/corr/CORR-*.fits" if name == "hsc" else "*/*/calexp-*.fits"
            (path,) = night.rerun("science").glob(pattern)
            with self.subTest(name):
                frame, truth = Frame(path), night.truth
                noise = np.sqrt(truth.electrons + 6.0 ** 2)
                good = ~frame.has("BAD", "SAT", "NO_DATA")
                rays = good & (truth.rays > 3 * noise)
                stars = good & (truth.rays == 0) & (truth.electrons - np.median(truth.electrons) > 5 * noise)
                found, lost = frame.has("CR")[rays].mean(), frame.has("CR")[stars].mean()
                print(f"{name}: {100 * found:.2f} % of {rays.sum()} pixels with rays above 3 sigma found, "
                      f"{100 * lost:.4f} % of {stars.sum()} pixels with stars above 5 sigma lost")
                self.assertGreater(found, 0.95)
                self.assertLess(lost, 0.001)

    def test_catalogues(self):
        for name in ("hsc", "e2v"):
            night = self.nights[name]
            with self.subTest(name):
                done = subprocess.run([sys.executable, SOURCE / "scripts" / "check_camera_truth.py",
                                       night.rerun("science"), night.simulation / "truth.csv", "--check"],
                                      capture_output=True, text=True, timeout=100)
                print(done.stdout)
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_threads_do_not_change_a_byte(self):
        night = self.nights["hsc"]
        for kind in CALIBRATIONS:
            night.run(f"almagest:calibs/{kind}", kind + "8", "-j8")
        self.catalogue(night, "science8", "-j8")
        self.nights["e2v"].processed("isr", name="isr8", words=["-j8"])
        for night, rerun in [(night, name) for name in (*CALIBRATIONS, "science")] + [(self.nights["e2v"], "isr")]:
            alone, together = tree(night.rerun(rerun)), tree(night.rerun(rerun + "8"))
            for files in (alone, together):
                files.pop("almagest.toml", None)  # has the rerun's name
            self.assertEqual(sorted(alone), sorted(together))
            self.assertEqual([], [path for path in alone if alone[path] != together[path]], "files that differ")


if __name__ == "__main__":
    unittest.main()
