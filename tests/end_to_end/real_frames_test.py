"""Real SDSS frames, raw files to catalogue, read with astropy and compared with the stack's own catalogue."""
import subprocess
import sys
import unittest
import warnings

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import Table
from astropy.wcs import WCS

from support import TESTDATA, ScratchTest, require_real_data, run, tree


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

    def test_the_catalogue_passes_the_peer_gate(self):
        exported = self.scratch / "detected-sources.txt"
        run("export", self.out, "src", "-o", exported)
        tool = TESTDATA.parent / "tools" / "compare_catalog.py"
        if not tool.is_file():
            self.skipTest("the parity tool is not beside the test data")
        for band in "griz":
            done = subprocess.run([sys.executable, tool, exported, self.demo / "expected" / "detected-sources.txt",
                                   "--filter", band, "--gate", "peer"], capture_output=True, text=True, timeout=120)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
