"""The variance planes of the default configuration against the scatter of empty apertures."""
import subprocess
import sys
import unittest

from support import SOURCE, ScratchTest, SyntheticFieldTest, require_real_data, run, statistics


def check(out):
    """scripts/check_variance.py --check: the finished process."""
    return subprocess.run([sys.executable, SOURCE / "scripts" / "check_variance.py", out, "--check"],
                          capture_output=True, text=True, timeout=300)


@statistics
class SyntheticVariance(SyntheticFieldTest):
    PARAMETERS = ("height=1000", "stars=400", "galaxies=100", 'filters=["g", "r", "z"]')

    def test_the_variance_is_the_noise_that_was_put_in(self):
        out = self.scratch / "out"
        self.process(out)
        done = check(out)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        # The same apertures tell a variance without the dark variance from a good one.
        poor = self.scratch / "poor"
        self.process(poor, "-c", "make_exposure.darkVariance=false")
        self.assertEqual(1, check(poor).returncode)


@statistics
class RealVariance(ScratchTest):
    def test_the_variance_is_the_scatter_of_empty_apertures_in_each_filter(self):
        demo = require_real_data(self)
        out = self.scratch / "out"
        run("process-ccd", demo / "input", "--output", out, "--id", "-j", 2)
        done = check(out)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(5, done.stdout.count("chi2 "), done.stdout)


if __name__ == "__main__":
    unittest.main()
