"""Real headers of HSC and the Rubin cameras, written as FITS files, and what the program reads in them."""
import json
import math
import unittest
import warnings

import yaml
from astropy.io import fits

from support import IN_CI, TESTDATA, ScratchTest, run

CAMERAS = {"HSC": "hsc", "LSSTCam": "lsstcam", "LSSTComCam": "comcam", "LATISS": "latiss", "LSSTCamSim": "lsstcamsim",
           "LSSTComCamSim": "comcamsim", "LSSTCam-imSim": "imsim", "LSSTCam-PhoSim": "phosim", "LSST-TS8": "ts8"}

# Cards that describe the file, which is another one now.
STRUCTURE = ("SIMPLE", "BITPIX", "NAXIS", "EXTEND", "XTENSION", "PCOUNT", "GCOUNT", "TFIELDS", "TTYPE", "TFORM",
             "BSCALE", "BZERO", "CHECKSUM", "DATASUM", "INHERIT", "COMMENT", "HISTORY", "Z", "__")


class Loader(yaml.SafeLoader):
    """Dates stay texts, and a PropertyList is a list of cards."""


Loader.yaml_implicit_resolvers = {first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
                                  for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_constructor("lsst.daf.base.PropertyList", lambda loader, node: {
    name: value[0] if isinstance(value, list) else value
    for name, kind, value, comment in loader.construct_sequence(node, deep=True)})
Loader.add_constructor("!<lsst.daf.base.PropertyList>",
                       Loader.yaml_constructors["lsst.daf.base.PropertyList"])


def cards_of(path):
    if path.suffix == ".fits":
        return dict(fits.getheader(path, 0))
    text = path.read_text()
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader)


def write(path, cards):
    header = fits.Header()
    for name, value in cards.items():
        if not name.startswith(STRUCTURE):
            header["HIERARCH " + name if len(name) > 8 or " " in name else name] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits.PrimaryHDU(header=header).writeto(path)


class HeaderTranslation(ScratchTest):
    def setUp(self):
        super().setUp()
        file = TESTDATA / "vectors_dev.json"
        if not file.is_file():
            if IN_CI:
                self.fail(f"no test data in {TESTDATA}")
            self.skipTest(f"no test data in {TESTDATA} (ALMAGEST_TESTDATA)")
        self.vectors = json.loads(file.read_text())

    def translate(self, camera, files):
        done = run("check-camera", camera, *files, "--json", expect=None)
        return json.loads(done.stdout)

    def test_all_values_of_the_vectors(self):
        by_camera = {}
        for name, properties in self.vectors.items():
            if name == "FRAMEID":
                continue
            places = [TESTDATA / "lsst" / "headers" / name, TESTDATA / "hsc" / "headers" / name,
                      TESTDATA / "hsc" / "pixels" / name.split()[0]]
            cards = cards_of(next(place for place in places if place.is_file()))
            file = self.scratch / (name.split()[0] + ".fits")
            write(file, cards)
            by_camera.setdefault(CAMERAS[properties["instrument"]], []).append((file, properties))
        values = 0
        for camera, files in by_camera.items():
            results = self.translate(camera, [file for file, _ in files])
            for (file, properties), result in zip(files, results, strict=True):
                self.assertEqual(result["recognised_by"], [camera], file.name)
                for name, want in properties.items():
                    got = result["properties"].get(name)
                    with self.subTest(file=file.name, property=name):
                        if isinstance(want, float):
                            self.assertTrue(math.isclose(got, want, rel_tol=1e-9), f"{got}, want {want}")
                        else:
                            self.assertEqual((type(got), got), (type(want), want))
                    values += 1
        self.assertEqual(values, 820)

    def test_frame_numbers(self):
        for frame, want in self.vectors["FRAMEID"].items():
            file = self.scratch / f"{frame}.fits"
            write(file, {"FRAMEID": frame})
            result, = self.translate("hsc", [file])
            properties = result["properties"]
            self.assertEqual([properties[key] for key in ("visit", "ccd", "detector_unique_name")],
                             [want[key] for key in ("visit", "ccd", "sdo")])


if __name__ == "__main__":
    unittest.main()
