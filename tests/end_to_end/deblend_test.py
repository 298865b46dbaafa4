"""Deblending of real SDSS frames: as many blends, stars and ramped templates as the reference has."""
import json
import re
import unittest

from support import ScratchTest, require_real_data, run

# The parity pipeline as far as the deblender, which needs no measurement.
PIPELINE = """
schema  = 1
title   = "Up to the deblender"
include = ["almagest:parity/lsst_stack_demo.toml"]

[group]
characterize = ["background", "detect_bright", "background_again"]
calibrate    = ["detect", "background_final", "deblend"]

[outputs]
src      = false
srcMatch = false
icSrc    = false
icMatch  = false
apCorr   = false
"""


def metrics(path):
    """The numbers under [task.deblend] of a metadata file."""
    section = path.read_text().split("[task.deblend]")[1].split("[")[0]
    return {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", section)}


class Deblend(ScratchTest):
    def test_templates_are_those_of_the_reference(self):
        demo = require_real_data(self)
        pipeline = self.scratch / "deblend.toml"
        pipeline.write_text(PIPELINE)
        out = self.scratch / "out"
        run("run", pipeline, demo / "input", "--output", out, "--id", "-j", 2)
        expected = json.loads((demo / "reference" / "intermediates.json").read_text())
        for band in "ugriz":
            with self.subTest(band=band):
                values = expected[f"4192{band}"]
                found = metrics(next(out.rglob(f"metadata-004192-{band}4-0300.toml")))
                self.assertEqual({"blends": values["calib"]["blends"],
                                  "blends_skipped": 0,
                                  "children": values["calib"]["children"],
                                  "psf_templates": values["deblender"]["psfTemplates"],
                                  "ramped_templates": values["deblender"]["rampedTemplates"]}, found)


if __name__ == "__main__":
    unittest.main()
