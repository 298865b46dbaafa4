"""Each effect of the detectors by itself: what isr.toml's step leaves of it, and what the step does to frames
without it."""
import functools
import pathlib
import shutil
import tempfile
import unittest

import numpy as np

from simulated_night import Night, at_the_same_time
from support import run, statistics

NIGHTS = {"hsc": ("hsc", 50, "HSC-R"), "lsstcam": ("lsstcam", 94, "r_57")}
STEPS = {"hsc": ("saturation", "overscan", "assemble"),
         "lsstcam": ("overscan", "saturation", "gain", "parallel_overscan", "assemble")}
# Effect: the step, behind which other one it stands, and the simulator's parameters.
EFFECTS = {
    "hsc": {"nonlinearity": ("linearity", "assemble", ()),
            "crosstalk": ("crosstalk", "assemble", ()),
            "brighter_fatter": ("brighter_fatter", "assemble", ())},
    "lsstcam": {"crosstalk": ("crosstalk", "gain", ()),
                "cti": ("deferred_charge", "parallel_overscan", ("cti=1e-6",)),
                "deferred_charge": ("deferred_charge", "parallel_overscan", ("drift_scale=2e-4", "drift_length=3")),
                "brighter_fatter": ("brighter_fatter", "assemble", ())}}
# Stars that are bright, but not so that the converter cuts them off.
STARS = ("stars=3", "galaxies=0", "brightest=16.3", "faintest=18")
EDGE = 16  # pixels that no step need correct
LEFT = 0.05


def core(image):
    return image[EDGE:-EDGE, EDGE:-EDGE]


def root_mean_square(values):
    return np.sqrt(np.mean(np.square(values)))


@statistics
class Effects(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="almagest_effects_"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)

    def night(self, name, camera, effects, *parameters, counts=(0, 0, 0, 1), **options):
        words = ", ".join(f'"{effect}"' for effect in effects)
        return Night(self.scratch / name, *options.get("of", NIGHTS[camera]), f"effects=[{words}]", *parameters,
                     counts=counts)

    def image(self, night, *steps):
        (frame,) = night.processed(*steps).values()
        return core(frame.image)

    def single_effects(self, camera):
        plain_steps = STEPS[camera]
        tasks = {"none": functools.partial(self.night, camera, camera, [], *STARS)}
        for effect, (_, _, parameters) in EFFECTS[camera].items():
            tasks[effect] = functools.partial(self.night, f"{camera}-{effect}", camera, [effect], *STARS, *parameters)
        nights = dict(zip(tasks, at_the_same_time(*tasks.values())))
        truth = self.image(nights["none"], *plain_steps)
        for effect, (step, behind, _) in EFFECTS[camera].items():
            at = plain_steps.index(behind) + 1
            steps = (*plain_steps[:at], step, *plain_steps[at:])
            with self.subTest(camera, effect=effect):
                seen, corrected, unharmed = at_the_same_time(
                    functools.partial(self.image, nights[effect], *plain_steps),
                    functools.partial(self.image, nights[effect], *steps),
                    functools.partial(self.image, nights["none"], *steps))
                # Numbers are whole. What is left is asked for where the step thinks that there is much, which does not
                # depend on how pixels were rounded, and anywhere.
                done = corrected - seen
                much = np.abs(done) > 0.5 * np.quantile(np.abs(done), 1 - 1e-4)
                size = root_mean_square(done[much])
                left = np.mean((corrected - truth)[much] * done[much]) / size ** 2
                anywhere, off = np.abs(corrected - truth).max(), root_mean_square((unharmed - truth)[much]) / size
                print(f"{camera} {effect}: {size:.1f} rms, {np.abs(seen - truth).max():.1f} at most; left "
                      f"{100 * left:.2f} %, anywhere {anywhere:.2f} at most; switched off {100 * off:.3f} %")
                self.assertLess(abs(left), LEFT)
                self.assertLess(anywhere, max(1.5, LEFT * np.abs(seen - truth).max()))
                self.assertLess(off, LEFT)

    def test_hsc(self):
        self.single_effects("hsc")

    def test_lsstcam(self):
        self.single_effects("lsstcam")

    def test_fringes(self):
        """A fringe frame from three exposures of the sky, taken off a fourth one."""
        noise, place = ["noise", "read_noise"], {"of": ("hsc", 50, "HSC-Y")}
        empty, fourth = ("stars=0", "galaxies=0"), "first_exposure=903306"
        several, calm, pure, even = at_the_same_time(
            functools.partial(self.night, "several", "hsc", ["fringe", *noise], *empty, counts=(0, 0, 0, 4), **place),
            functools.partial(self.night, "calm", "hsc", noise, *empty, fourth, **place),
            functools.partial(self.night, "pure", "hsc", ["fringe"], *empty, fourth, **place),
            functools.partial(self.night, "even", "hsc", [], *empty, fourth, **place))
        pipeline = self.scratch / "fringe.toml"
        pipeline.write_text('schema = 1\ninclude = ["almagest:calibs/fringe.toml"]\n'
                            'steps = ["saturation", "overscan", "assemble", "variance", "initial_psf", "background", '
                            '"detect", "fringe_scale", "combine"]\n[task]\nvariance = "isr/variance"\n')
        run("run", pipeline, several.repository, "--rerun", "fringe", "--id", "visit=903300..903304", "-L", "warn")
        steps = STEPS["hsc"]

        def before_and_after(night):
            night.take("fringe", several)
            return [core(night.processed(*words)[903306].image) for words in (steps, (*steps, "fringe"))]

        (seen, corrected), (calm_seen, calm_corrected) = before_and_after(several), before_and_after(calm)
        truth = self.image(even, *steps)
        pattern = self.image(pure, *steps) - truth
        size = root_mean_square(pattern)
        before, after = (np.mean((image - truth) * pattern) / size ** 2 for image in (seen, corrected))
        off = root_mean_square(calm_corrected - calm_seen) / size
        print(f"hsc fringe: {size:.1f} adu rms, seen {100 * before:.1f} %; left {100 * after:.2f} %; "
              f"switched off {100 * off:.3f} %")
        self.assertAlmostEqual(1, before, delta=0.01)
        self.assertLess(abs(after), LEFT)
        self.assertLess(off, LEFT)

    def test_overscan(self):
        """What is left of the bias' drift along the rows: the noise is the same with and without it. A median of whole
        numbers jumps from row to row (0.2 adu rms for LSST), so that 32 rows are looked at together."""
        for camera, detector, band, rows, columns in (("hsc", 50, "HSC-R", 1, 4), ("lsstcam", 94, "r_57", 2, 8),
                                                      ("lsstcam", 0, "r_57", 2, 8)):
            with self.subTest(camera, detector=detector):
                names = [["read_noise"], ["read_noise", "overscan_drift"]]
                still, drifting = at_the_same_time(*(functools.partial(
                    self.night, f"{camera}{detector}-{len(effects)}", camera, effects, counts=(1, 0, 0, 0),
                    of=(camera, detector, band)) for effects in names))
                (a,), (b,) = (night.processed("isr_bias", kind="bias").values() for night in (still, drifting))
                left = b.image - a.image
                height, width = left.shape[0] // rows, left.shape[1] // columns
                height -= height % 32
                means = [left[y:y + height, x:x + width].reshape(-1, 32 * width).mean(axis=1)
                         for y in (0, left.shape[0] // 2)[:rows] for x in range(0, left.shape[1] - 1, width)]
                level = root_mean_square(means)
                unit = "adu" if camera == "hsc" else "electron"  # that is stricter
                print(f"{camera} {detector}: {level:.3f} {unit} rms of the drift left")
                self.assertLess(level, 0.1)


if __name__ == "__main__":
    unittest.main()
