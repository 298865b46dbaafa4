"""The default pipeline's photometry and astrometry of real SDSS frames, against bars from outside: the LSST stack's
scatter of the zero point, and 10 mas of offset and 30 mas of scatter of stars that the WCS fit has not seen."""
import subprocess
import sys
import unittest

from support import SOURCE, ScratchTest, require_real_data, run, statistics

FOLDS = 5


@statistics
class DefaultBars(ScratchTest):
    def setUp(self):
        super().setUp()
        self.demo = require_real_data(self)
        self.reference = self.demo / "input" / "ref_cats" / "sdss_demo_ref_cat"

    def process(self, name, *words):
        out = self.scratch / name
        run("process-ccd", self.demo / "input", "--output", out, "--id", "-j", 2, *words)
        return out

    def judge(self, script, *words):
        done = subprocess.run([sys.executable, SOURCE / "scripts" / script, *words, "--ref-cat", self.reference],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_the_zero_point_of_stars_scatters_less_than_in_the_stack_s_catalogue(self):
        stack = self.demo / "expected" / "detected-sources.txt"
        self.judge("check_zero_point.py", self.process("out"), "--stack", stack)

    def test_stars_left_out_of_the_fit_lie_where_the_reference_catalogue_says(self):
        outputs = [self.process(f"fold{k}", "-c", f"astrometry.reserve={1 / FOLDS}",
                                f"astrometry.reserve_from={k / FOLDS}") for k in range(FOLDS)]
        self.judge("check_astrometry.py", *outputs, "--check")


if __name__ == "__main__":
    unittest.main()
