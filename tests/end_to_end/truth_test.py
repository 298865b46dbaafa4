"""The catalogues of a synthetic field against its truth."""
import subprocess
import sys
import unittest

from support import SOURCE, SyntheticFieldTest


class Truth(SyntheticFieldTest):
    PARAMETERS = ("width=1024", "height=1000", "stars=200", "galaxies=100", 'filters=["g", "r"]')

    def test_objects_are_found_where_and_as_bright_as_they_are(self):
        out = self.scratch / "out"
        self.process(out)
        done = subprocess.run([sys.executable, SOURCE / "scripts" / "compare_truth.py", out, self.field, "--check"],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(["g", "r"], [line.split(":")[0] for line in done.stdout.splitlines()])


if __name__ == "__main__":
    unittest.main()
