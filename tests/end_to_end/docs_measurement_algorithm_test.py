"""The page docs/measurement_algorithm.md: its plugin is built as it stands there, and its column is in the catalogue."""
import os
import pathlib
import re
import subprocess
import unittest

import numpy as np
from astropy.io import fits

from support import SOURCE, SyntheticFieldTest

BUILD = pathlib.Path(os.environ["ALMAGEST_PROGRAM"]).parent.parent
PAGE = SOURCE / "docs" / "measurement_algorithm.md"
FILES = {"cpp": "sharpness.cpp", "cmake": "CMakeLists.txt", "toml": "sharpness.toml"}


def blocks(language):
    """The texts of the page's fenced blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


class DocsMeasurementAlgorithm(SyntheticFieldTest):
    def shell(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600)
        self.assertEqual(0, done.returncode, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def build(self, prefix):
        """The page's three files, built as a project outside the tree. Returns their directory and the plugin's."""
        source, build = self.scratch / "sharpness", self.scratch / "build"
        source.mkdir()
        for language, name in FILES.items():
            found = blocks(language)
            self.assertEqual(1, len(found), f"{language} blocks on the page")
            self.assertIn(f"`{name}`", PAGE.read_text())
            (source / name).write_text(found[0])
        self.shell("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                   "-DCMAKE_BUILD_TYPE=Debug",
                   f"-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror {os.environ.get('ALMAGEST_CXX_FLAGS', '')}")
        self.shell("cmake", "--build", build)
        return source, build / "lib" / "almagest" / "plugins"

    def test_the_pages_plugin_measures(self):
        prefix = self.scratch / "prefix"
        self.shell("cmake", "--install", BUILD, "--prefix", prefix)
        source, plugins = self.build(prefix)
        almagest = prefix / "bin" / "almagest"
        self.assertIn("min_flux", self.shell(almagest, "describe", "sharpness", "--plugin-path", plugins))

        out = self.scratch / "out"
        self.shell(almagest, "run", source / "sharpness.toml", self.field, "--output", out, "--id",
                   "--plugin-path", plugins)
        catalogues = [path for path in out.rglob("src-*.fits")]
        self.assertTrue(catalogues)
        bright = []
        for path in catalogues:
            with fits.open(path) as file:
                table, header = file[1].data, file[1].header
            names = {header[key]: int(key[5:]) - 1 for key in header if re.fullmatch(r"TFLAG\d+", key)}
            self.assertIn("example_Sharpness_flag", names)
            value = table["example_Sharpness_value"]
            failed = table["flags"][:, names["example_Sharpness_flag"]]
            self.assertTrue(np.all(failed[np.isnan(value)]))
            flux, error = table["base_PsfFlux_instFlux"], table["base_PsfFlux_instFluxErr"]
            bright.extend(value[~failed & (flux > 50 * error)])
        # Most of the field's bright sources are stars.
        self.assertGreater(len(bright), 10)
        self.assertAlmostEqual(1, np.median(bright), delta=0.05)

    def test_the_page_lists_every_algorithm(self):
        described = subprocess.run([os.environ["ALMAGEST_PROGRAM"], "describe", "measurement"], capture_output=True,
                                   text=True, timeout=60, check=True).stdout
        algorithms = re.findall(r"^measurement/(\S+) \(measurement algorithm\)$", described, re.MULTILINE)
        self.assertIn("base_PsfFlux", algorithms)
        listed = re.findall(r"^\| `(\w+)` \|", PAGE.read_text().split("## The algorithms there are")[1], re.MULTILINE)
        self.assertEqual(sorted(algorithms), sorted(listed))


if __name__ == "__main__":
    unittest.main()
