"""A plugin outside the tree, built against an installed Almagest: its own product is made, stored, gathered, read back."""
import os
import pathlib
import shutil
import subprocess
import unittest

from support import SOURCE, SyntheticFieldTest

BUILD = pathlib.Path(os.environ["ALMAGEST_PROGRAM"]).parent.parent


class OutsidePlugin(SyntheticFieldTest):
    def shell(self, *words, expect=0, **options):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600, **options)
        self.assertEqual(expect, done.returncode, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def build(self, source, prefix, build):
        flags = os.environ.get("ALMAGEST_CXX_FLAGS", "")
        self.shell("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                   "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS={flags}")
        self.shell("cmake", "--build", build)
        return build / "lib" / "almagest" / "plugins"

    def test_made_stored_gathered_and_read_back(self):
        prefix = self.scratch / "prefix"
        self.shell("cmake", "--install", BUILD, "--prefix", prefix)
        source = self.scratch / "source"
        shutil.copytree(SOURCE / "tests" / "outside_plugin", source)
        plugins = self.build(source, prefix, self.scratch / "build")
        self.shell("ctest", "--test-dir", self.scratch / "build", "--output-on-failure")

        almagest = prefix / "bin" / "almagest"
        with_plugin = ("--plugin-path", plugins)
        self.assertIn("sky_levels/table", self.shell(almagest, "describe", "sky_levels", *with_plugin))
        out = self.scratch / "out"
        self.shell(almagest, "run", source / "levels.toml", self.field, "--output", out, "--id", "-j", 2, *with_plugin)
        levels = sorted((out / "sky_level").iterdir())
        tables = list((out / "sky_table").iterdir())
        self.assertEqual(1, len(tables))
        self.assertEqual(len(levels), len(tables[0].read_text().splitlines()))

        again = self.scratch / "again"
        self.shell(almagest, "run", source / "doubled.toml", out, "--output", again, "--id", *with_plugin)
        for path in levels:
            doubled = float((again / "doubled_level" / path.name).read_text())
            self.assertAlmostEqual(2 * float(path.read_text()), doubled)

        # One member more in a public header, and program and plugin no longer agree: the plugin is refused.
        header = SOURCE / "include" / "almagest" / "footprint.hpp"
        changed = self.scratch / "changed"
        shutil.copytree(prefix / "include", changed / "include")
        text = header.read_text().replace("struct Span {", "struct Span {\n  int layer = 0;", 1)
        (changed / "include" / "almagest" / "footprint.hpp").write_text(text)
        (changed / "include" / "almagest" / "build_id.hpp").unlink()
        self.shell("cmake", f"-DINCLUDE_DIR={changed / 'include'}", f"-DTEMPLATE={SOURCE / 'sdk' / 'build_id.hpp.in'}",
                   f"-DOUTPUT={changed / 'build_id.hpp'}", "-P", SOURCE / "sdk" / "write_build_id.cmake")
        old = (prefix / "include" / "almagest" / "build_id.hpp").read_text()
        self.assertNotEqual(old, (changed / "build_id.hpp").read_text())
        installed = prefix / "include" / "almagest"
        shutil.copy(changed / "include" / "almagest" / "footprint.hpp", installed)
        shutil.copy(changed / "build_id.hpp", installed)
        foreign = self.build(source, prefix, self.scratch / "foreign")
        refused = self.shell(almagest, "describe", "sky_levels", "--plugin-path", foreign, expect=2)
        self.assertIn("rebuild", refused)


if __name__ == "__main__":
    unittest.main()
