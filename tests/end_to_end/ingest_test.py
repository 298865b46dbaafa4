"""Ingest as the tutorials do it, several processes at once, and processes that are killed."""
import os
import random
import signal
import sqlite3
import subprocess
import time
import unittest

import support
from support import run, start


def card(name, value):
    if isinstance(value, bool):
        text = f"{name:<8}= {'T' if value else 'F':>20}"
    elif isinstance(value, str):
        text = f"{name:<8}= '{value:<8}'"
    else:
        text = f"{name:<8}= {value!r:>20}"
    return f"{text:<80}"[:80]


def hsc_header(visit, ccd, **cards):
    """What HSC's headers say, as far as the registry asks (design document, tutorials)."""
    shot = f"HSC{chr(65 + visit // 1000000)}{visit % 1000000:06}"
    header = {"INSTRUME": "Hyper Suprime-Cam", "OBJECT": "SSP_UDEEP_SXDS", "EXP-ID": shot + "00",
              "FRAMEID": f"{shot[:9]}{ccd % 100:02}", "DET-ID": ccd, "FILTER01": "HSC-R", "PROP-ID": "o15426",
              "DATE-OBS": "2015-10-10", "UT-STR": "11:29:02.035", "UT-END": "11:34:03.000", "MJD": 57305.47849,
              "EXPTIME": 300.0, "INST-PA": 0.0, "T_AG": 1, "T_CCDTV": -100.65, "T_CFGFIL": "20140306.cfg",
              "DATA-TYP": "OBJECT"}
    return {**header, **{name.replace("_ID", "-ID"): value for name, value in cards.items()}}


def write_raw(path, header, pixels=0):
    """A FITS file of an image with so many rows of 1000 pixels, or of a header alone."""
    axes = {"NAXIS": 2, "NAXIS1": 1000, "NAXIS2": pixels} if pixels else {"NAXIS": 0}
    cards = {"SIMPLE": True, "BITPIX": 16, **axes, **header}
    text = "".join(card(*item) for item in cards.items()) + f"{'END':<80}"
    text += " " * (-len(text) % 2880)
    data = random.Random(str(path)).randbytes(2000 * pixels)
    with open(path, "wb") as file:
        file.write(text.encode() + data + bytes(-len(data) % 2880))


class IngestTest(support.ScratchTest):
    def setUp(self):
        super().setUp()
        self.repository = self.scratch / "input"
        self.raws = self.scratch / "raws"
        self.raws.mkdir()

    def rows(self, query):
        with sqlite3.connect(self.repository / "registry.sqlite3") as database:
            return database.execute(query).fetchall()

    def raw(self, visit, ccd, name=None, pixels=0, **cards):
        path = self.raws / (name or f"HSC{visit:07}-{ccd:03}.fits")
        write_raw(path, hsc_header(visit, ccd, **cards), pixels)
        return path

    def test_the_tutorials_commands(self):
        """tutorials.md T2 and T5: a Gen2 directory without a registry."""
        self.repository.mkdir()
        (self.repository / "_mapper").write_text("lsst.obs.hsc.HscMapper\n")
        (self.scratch / "calib").mkdir()
        (self.scratch / "htm").mkdir()
        (self.repository / "CALIB").symlink_to(self.scratch / "calib")
        (self.repository / "ref_cats").symlink_to(self.scratch / "htm")
        path = self.raw(40984, 55, "HSCA04098410.fits", FRAMEID="HSCA04098410")
        done = run("ingest", "input", "raws/HSCA04098410.fits", cwd=self.scratch)
        place = "SSP_UDEEP_SXDS/2015-10-10/01378/HSC-R/HSC-0040984-055.fits"
        self.assertIn(f"{path.resolve()} --<link>--> input/{place}", done.stderr)
        self.assertEqual(os.readlink(self.repository / place), str(path.resolve()))
        self.assertEqual(self.rows("SELECT * FROM raw"), [
            (1, "SSP_UDEEP_SXDS", 40984, 55, 1378, "HSC-R", "o15426", "2015-10-10", "2015-10-10", 300.0, 0.0, 1,
             -100.65, "20140306.cfg", "HSCA04098410", "HSCA04098400", "OBJECT")])
        self.assertEqual(self.rows("SELECT * FROM raw_visit"),
                         [(40984, "SSP_UDEEP_SXDS", "HSC-R", "2015-10-10", "2015-10-10")])
        self.assertEqual(run("query", self.repository, "--id", "filter=HSC-R").stdout, "visit=40984 ccd=55\n")
        self.assertEqual(run("query", self.repository, "--id", "filter=HSC-I").stdout, "")

    def test_hostile_names(self):
        names = ["-rf.fits", "new\nline.fits", "blank and 'quote'.fits", "..fits", "ümlaut.fits", "@args.fits"]
        for number, name in enumerate(names):
            self.raw(1000 + 2 * number, 1, name)
        self.raw(100, 1, "evil.fits", FILTER01="../../../etc/x")
        self.raw(102, 1, "nul.fits", FILTER01="A/B")
        os.symlink("nowhere", self.raws / "dangling.fits")
        os.mkfifo(self.raws / "pipe.fits")
        (self.raws / "sub.fits").mkdir()
        done = run("ingest", self.repository, self.raws, "--instrument", "hsc", expect=1)
        # '..fits' is hidden in a directory.
        self.assertIn("5 ingested, 0 already there, 4 not taken", done.stdout)
        self.assertEqual(len(self.rows("SELECT * FROM quarantine")), 4)
        self.assertTrue(all(line.startswith("ingest ") for line in done.stderr.splitlines()), done.stderr)
        done = run("ingest", "../input", "--", "-rf.fits", "./@args.fits", "..fits", cwd=self.raws)
        self.assertIn("1 ingested, 2 already there, 0 not taken", done.stdout)

    def test_sources_that_cannot_be_written(self):
        path = self.raw(1000, 5)
        path.chmod(0o444)
        self.raws.chmod(0o555)
        try:
            run("ingest", self.repository, self.raws, "--instrument", "hsc", "--mode", "copy")
            if os.geteuid() != 0:  # root may
                other = self.scratch / "other"
                done = run("ingest", other, self.raws, "--instrument", "hsc", "--mode", "move", expect=1)
                self.assertIn("cannot be moved away from its directory", done.stderr)
        finally:
            self.raws.chmod(0o755)
        self.assertTrue(path.exists())
        self.assertEqual(self.rows("SELECT mode FROM raw_file"), [("copy",)])

    def test_eight_at_once(self):
        for visit in range(1000, 1400, 2):
            self.raw(visit, visit % 100)
        children = [start("ingest", self.repository, self.raws, "--instrument", "hsc", "-j", 2, "-q")
                    for _ in range(8)]
        ingested = known = 0
        for child in children:
            out, err = child.communicate(timeout=300)
            self.assertEqual(child.returncode, 0, err)
            words = out.split()
            ingested += int(words[0])
            known += int(words[2])
        self.assertEqual((ingested, known), (200, 7 * 200))
        self.assertEqual(self.rows("SELECT count(*) FROM raw JOIN raw_file USING (id)"), [(200,)])
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])

    def check_killed(self, mode):
        sources = {}
        for visit in range(1000, 1300, 2):
            path = self.raw(visit, 5, pixels=100)
            sources[path] = path.read_bytes()
        command = ("ingest", self.repository, self.raws, "--instrument", "hsc", "--mode", mode, "-j", 2, "-q")
        randomly = random.Random(1)
        for attempt in range(6):
            child = start(*command)
            time.sleep(randomly.uniform(0.02, 0.4))
            child.send_signal(signal.SIGKILL)
            child.communicate()
            for path in self.repository.rglob("*.fits"):  # nothing half under a final name
                if not path.name.startswith("."):
                    self.assertEqual(path.stat().st_size, len(next(iter(sources.values()))), path)
        done = run(*command)
        self.assertIn(" 0 not taken", done.stdout)
        self.assertEqual(self.rows("SELECT count(*) FROM raw JOIN raw_file USING (id)"), [(len(sources),)])
        for source, place in self.rows("SELECT source, path FROM raw_file"):
            self.assertEqual((self.repository / place).read_bytes(), sources[self.raws / os.path.basename(source)])
        left = [path for path in self.repository.rglob(".*") if path.name.endswith(".tmp")]
        self.assertEqual(left, [])
        self.assertEqual(any(path.exists() for path in sources), mode != "move")

    def test_killed_while_it_copies(self):
        self.check_killed("copy")

    def test_killed_while_it_moves(self):
        self.check_killed("move")

    def test_killed_while_it_links(self):
        self.check_killed("link")

    def test_interrupted(self):
        for visit in range(1000, 5000, 2):
            self.raw(visit, 5)
        child = start("ingest", self.repository, self.raws, "--instrument", "hsc")
        child.stderr.readline()
        child.stderr.readline()
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130)
        self.assertIn(" 0 not taken", run("ingest", self.repository, self.raws, "-q").stdout)
        self.assertEqual(self.rows("SELECT count(*) FROM raw JOIN raw_file USING (id)"), [(2000,)])

    def test_two_thousand_headers_take_seconds(self):
        """10 000 headers take at most 60 s; here a fifth of it."""
        for visit in range(1000, 3000, 2):
            self.raw(visit, 5)
            self.raw(visit, 6)
        begin = time.monotonic()
        run("ingest", self.repository, self.raws, "--instrument", "hsc", "-q")
        if not support.SANITIZED:
            self.assertLess(time.monotonic() - begin, 12)

    def test_reference_catalogue(self):
        run("create", self.repository, "--instrument", "hsc")
        table = self.scratch / "stars.csv"
        table.write_text("source_id,ra,dec,r_mag\n1,10,20,15\n2,11,21,16\n")
        done = run("ingest-refcat", self.repository, "mine", table, "--epoch", 57388)
        self.assertIn("2 objects in 2 shards", done.stdout)
        self.assertIn("mine", run("query", self.repository, "--types").stdout)
        done = run("ingest-refcat", self.repository, "mine", table, expect=2)
        self.assertIn("there is a catalogue already", done.stderr)
        run("ingest-refcat", self.repository, "other", table, "--map", "g_mag=nothing", expect=2)
        self.assertFalse((self.repository / "ref_cats/other").exists())


if __name__ == "__main__":
    unittest.main()
