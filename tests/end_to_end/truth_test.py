"""The catalogues of synthetic fields against their truth."""
import subprocess
import sys
import unittest

from support import SOURCE, ScratchTest, SyntheticFieldTest, run, statistics


def compare(*words):
    """scripts/compare_truth.py --check: the finished process."""
    return subprocess.run([sys.executable, SOURCE / "scripts" / "compare_truth.py", *words, "--check"],
                          capture_output=True, text=True, timeout=500)


class Truth(SyntheticFieldTest):
    PARAMETERS = ("width=1024", "height=1000", "stars=200", "galaxies=100", 'filters=["g", "r"]')

    def test_objects_are_found_where_and_as_bright_as_they_are(self):
        out = self.scratch / "out"
        self.process(out)
        done = compare(out, self.field)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(["g", "r"], [line.split(":")[0] for line in done.stdout.splitlines()])


@statistics
class Precision(ScratchTest):
    """Stars on grids, in the default configuration, against the Cramér-Rao bound; the bars stand in the script."""

    def field(self, name, seed, *parameters, expect=0):
        """The two words about a field that compare_truth.py wants: outputs and repository."""
        repository, out = self.scratch / f"{name}_field", self.scratch / name
        run("simulate", "sdss", repository, "--seed", seed, "-c", "cosmic_rays=0", "bad_columns=0",
            "calibration_stars=40", *parameters)
        run("process-ccd", repository, "--output", out, "--id", "-j", 2, "-L", "warn", expect=expect)
        return out, repository

    def test_isolated_stars_have_the_flux_and_position_that_noise_allows(self):
        # So many faint stars that the median flux of each bin is known to a quarter of the bar.
        grid = ('layout="grid"', 'filters=["u", "g", "r", "i", "z"]', "spacing=40")
        fields = []
        for seed in range(1, 5):
            fields += self.field(f"faint{seed}", seed, *grid, "lowest_snr=20", "highest_snr=50")
        fields += self.field("bright", 5, *grid, "lowest_snr=50", "highest_snr=1000")
        done = compare(*fields, "--precision")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        judged = [line for line in done.stdout.splitlines() if line.lstrip().startswith("all ")]
        self.assertEqual(12, len(judged), done.stdout)  # two fits in bins from S/N 20 to 1000
        for fit in ("base_PsfFlux, base_SdssCentroid:", "ext_psfFit_PsfFit:"):
            self.assertIn(f"\n{fit} isolated stars", done.stdout)

    def test_pairs_at_one_and_a_half_fwhm_are_split(self):
        fields = []
        for seed, band in enumerate("ugriz", 1):  # one by one, as the distance is in FWHM of the filter
            # The match of bright sources may fail: nearly all of them are blends, and not yet deblended.
            fields += self.field(band, seed, 'layout="pairs"', f'filters=["{band}"]', "separation=1.5",
                                 "lowest_snr=50", "highest_snr=50", expect=None)
        done = compare(*fields, "--precision")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(5, done.stdout.count(" pairs, "), done.stdout)


if __name__ == "__main__":
    unittest.main()
