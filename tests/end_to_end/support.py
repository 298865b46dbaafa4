"""What the end-to-end tests share: the program, scratch directories, and byte-for-byte comparison of trees."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["ALMAGEST_PROGRAM"]
SOURCE = pathlib.Path(os.environ["ALMAGEST_SOURCE_DIR"])
TESTDATA = pathlib.Path(os.environ.get("ALMAGEST_TESTDATA", SOURCE.parent / "shared" / "data"))
IN_CI = os.environ.get("CI") == "true"

# Tests of what the numbers are, over thousands of stars, add nothing to what the sanitizers see in the others.
SANITIZED = "-fsanitize" in os.environ.get("ALMAGEST_CXX_FLAGS", "")
statistics = unittest.skipIf(SANITIZED, "statistics are judged in the build without sanitizers")

# Registry, logs and what SQLite keeps beside it may differ between runs; everything else may not.
VOLATILE = ("registry.sqlite3", "almagest.sqlite3")


def run(*words, expect=0, **options):
    """Runs the program; `expect` is the exit code, None for any. Returns the finished process with its texts."""
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=300, **options)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, words))}: exit {done.returncode}, expected {expect}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done


def start(*words, **options):
    return subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            **options)


def tree(root):
    """Relative path → bytes of every product below a directory."""
    root = pathlib.Path(root)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.startswith(VOLATILE)}


def require_real_data(test):
    """Skips a test where the real frames are absent; in CI that is a failure."""
    if (TESTDATA / "sdss_demo" / "input").is_dir():
        return TESTDATA / "sdss_demo"
    if IN_CI:
        raise AssertionError(f"no test data in {TESTDATA}")
    test.skipTest(f"no test data in {TESTDATA} (ALMAGEST_TESTDATA)")


class ScratchTest(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="almagest_test_"))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def assertSameTree(self, a, b):
        left, right = tree(a), tree(b)
        self.assertEqual(sorted(left), sorted(right))
        self.assertEqual([], [name for name in left if left[name] != right[name]], "files that differ")


class SyntheticFieldTest(ScratchTest):
    """One small synthetic SDSS field for all tests of a class."""

    # Enough stars for aperture corrections, astrometry and photometry.
    PARAMETERS = ("width=512", "height=600", "stars=200", "galaxies=20")

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="almagest_field_"))
        cls.field = cls.directory / "field"
        run("simulate", "sdss", cls.field, "--seed", 3, "-c", *cls.PARAMETERS)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory, ignore_errors=True)

    def process(self, out, *words, **options):
        return run("process-ccd", self.field, "--output", out, "--id", *words, **options)
