"""Raw files that are broken or lie, among sound ones: one clear message each, no crash, no hang, the rest goes in."""
import collections
import gzip
import io
import json
import re
import sqlite3
import textwrap
import time
import unittest

import numpy as np
from astropy.io import fits

from support import ScratchTest, run

LONGEST = 10  # s for a batch; a single file that hangs makes it longer
WIDTH, HEIGHT = 70, 64
CRASH = re.compile(r"terminate called|Segmentation|Assertion|Sanitizer|bad_alloc|core dumped|std::")

CAMERA = """
    [camera]
    name        = "tinyCam"
    plate_scale = 0.5
    match       = [{ INSTRUME = "TINY" }]
    [data_id]
    keys  = ["visit", "ccd"]
    roles = { exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }
    [header]
    visit            = { key = "OBSNUM", type = "int" }
    ccd              = { key = "CCDNUM", type = "int" }
    filter           = { key = "FILTER" }
    begin            = { time = ["DATE-OBS"], timescale = "utc" }
    exposure_time    = { key = "EXPTIME", unit = "s" }
    observation_type = { key = "OBSTYPE", case = "lower", map = { object = "science" } }
    ra               = { key = "RA", unit = "hms" }
    dec              = { key = "DEC", unit = "dms" }
    boresight_rotation_angle = 0
    [paths]
    raw = "raw/{filter}/{begin:%Y-%m-%d}/{visit:08d}_{ccd:02d}.fits"
    [detector.default]
    size     = [64, 64]
    pixel_um = 15
    saturation = 60000
    [detector.default.amp.A]
    hdu        = 1
    data       = "DATASEC"
    overscan   = "BIASSEC"
    gain       = { key = "GAIN", default = 1.4 }
    read_noise = 6.0
    [detector.1]
"""

CARDS = {"INSTRUME": "TINY", "CCDNUM": 1, "FILTER": "r", "DATE-OBS": "2020-01-01T00:00:00", "EXPTIME": 30.0,
         "OBSTYPE": "object", "RA": "10:00:00.0", "DEC": "-05:00:00.0"}
AMPLIFIER_CARDS = {"DATASEC": "[1:64,1:64]", "BIASSEC": "[65:70,1:64]", "GAIN": 1.5}

# What stands after the `= ` of a card instead of its value, as bytes.
JUNK = [b"", b"''", b"'   '", b"T", b"-1", b"0", b"1E400", b"-1.9D400", b"NaN", b"'nan'", b"99999999999999999999999999",
        b"9223372036854775807", b"0.5", b"'abc'", b"'unterminated", b"'it''s'", b"'$(touch hacked)'", b"'; rm -rf x'",
        b"'-c evil'", b"'../../../../hacked'", b"'/etc/hacked'", b"'a\nb'", b"'\x00\x01\x02'", b"'\xff\xfe\xe9'",
        b"'2020-13-45T99:99:99'", b"'99:99:99'", b"'-91:00:00'", b"'[1:0,1:0]'", b"'[0:100000,-5:3]'", b"'[64:1,64:1]'",
        b"'[1:64,1:64'", b"(1.0, 2.0)", b"'" + b"x" * 67 + b"'", b"/ only a comment"]


def tiny_raw(visit, compressed=False):
    """One frame as HDUs; its headers are right."""
    primary = fits.PrimaryHDU()
    primary.header["OBSNUM"] = visit
    primary.header.update(CARDS)
    pixels = np.random.default_rng(visit).normal(1000, 5, (HEIGHT, WIDTH)).astype(np.uint16)
    kind = fits.CompImageHDU if compressed else fits.ImageHDU
    image = kind(pixels)
    image.header.update(AMPLIFIER_CARDS)
    return fits.HDUList([primary, image])


def bytes_of(hdus, checksum=False):
    buffer = io.BytesIO()
    hdus.writeto(buffer, checksum=checksum)
    return buffer.getvalue()


def with_card(data, name, value):
    """The file's bytes with another text where a card's value stands."""
    at = data.index(name.ljust(8).encode() + b"=")
    card = (name.ljust(8).encode() + b"= " + value)[:80].ljust(80)
    return data[:at] + card + data[at + 80:]


def without_card(data, name):
    at = data.index(name.ljust(8).encode() + b"=")
    return data[:at] + b"COMMENT".ljust(80) + data[at + 80:]


def mutated_headers(first_visit):
    """Yields (what was done, bytes): each card with each piece of junk, and left out, and twice."""
    visit = first_visit
    for name in [*CARDS, "OBSNUM", *AMPLIFIER_CARDS, "NAXIS1", "BITPIX", "BZERO"]:
        for junk in JUNK:
            yield f"{name}={junk!r}", with_card(bytes_of(tiny_raw(visit)), name, junk)
            visit += 1
        yield f"no {name}", without_card(bytes_of(tiny_raw(visit)), name)
        visit += 1


def mutated_files(first_visit, count):
    """Yields (what was done, bytes): files that are cut, changed at random, or something else."""
    rng = np.random.default_rng(1)
    sound = {form: bytes_of(tiny_raw(0, form.startswith("rice")), form.endswith("checked"))
             for form in ("plain", "checked", "rice", "rice checked")}
    visit = first_visit
    for number in range(count):
        form = list(sound)[number % len(sound)]
        data = bytearray(with_card(sound[form], "OBSNUM", str(visit).encode()))
        visit += 1
        way = number // len(sound) % 10
        if way == 0:
            data = data[:rng.integers(0, len(data))]
        elif way in (1, 2, 3, 4):  # bytes anywhere, few or many
            for at in rng.integers(0, len(data), 4 ** way):
                data[at] = rng.integers(0, 256)
        elif way in (5, 6):  # in the headers
            for at in rng.integers(0, 2 * 2880, 2 ** way):
                data[at] = rng.integers(32, 127)
        elif way == 7:  # blocks in another order
            blocks = [bytes(data[i:i + 2880]) for i in range(0, len(data), 2880)]
            rng.shuffle(blocks)
            data = b"".join(blocks)
        elif way == 8:
            packed = bytearray(gzip.compress(bytes(data), mtime=0))
            for at in rng.integers(0, len(packed), 3):
                packed[at] = rng.integers(0, 256)
            data = packed[:rng.integers(len(packed) // 2, len(packed) + 1)]
        else:
            data = [b"", b"SIMPLE", bytes(rng.integers(0, 256, 5000, np.uint8)), b"\0" * 28800,
                    bytes(data) * 3][number % 5]
        yield f"{form}, way {way}", bytes(data)


class HostileRaws(ScratchTest):
    def setUp(self):
        super().setUp()
        package = self.scratch / "obs_tiny"
        package.mkdir()
        (package / "camera.toml").write_text(textwrap.dedent(CAMERA))
        self.environment = {"ALMAGEST_OBS_PATH": str(package), "PATH": "/usr/bin:/bin"}
        self.incoming = self.scratch / "incoming"
        self.incoming.mkdir()
        self.repository = self.scratch / "repository"
        self.almagest("create", self.repository, "--instrument", "tinyCam")
        self.sound = 0

    def almagest(self, *words, **options):
        return run(*words, env=self.environment, cwd=self.scratch, **options)

    def add_sound(self):
        """A file without fault among the others; returns its path."""
        path = self.incoming / f"sound{self.sound}.fits"
        tiny_raw(900000 + self.sound).writeto(path)
        self.sound += 1
        return path

    def ingest(self, mutants):
        """Ingests mutants with sound files before, among and after them; returns what was said of each mutant."""
        said = {}
        mutants = list(mutants)
        size = 64
        for start in range(0, len(mutants), size):
            batch = {}
            files = [self.add_sound()]
            for number, (what, data) in enumerate(mutants[start:start + size], start):
                path = self.incoming / f"mutant{number}.fits"
                path.write_bytes(data)
                batch[path.name] = what
                files.append(path)
                if number % 20 == 0:
                    files.append(self.add_sound())
            files.append(self.add_sound())
            began = time.monotonic()
            done = self.almagest("ingest", self.repository, *files, "--mode", "copy", "-j", 2, expect=None)
            self.assertLess(time.monotonic() - began, LONGEST)
            self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])
            self.assertNotRegex(done.stdout + done.stderr, CRASH)
            lines = collections.defaultdict(list)
            for line in (done.stdout + done.stderr).splitlines():
                if name := re.search(r"(mutant\d+\.fits|sound\d+\.fits)", line):
                    lines[name.group(1)].append(line)
            for path in files:
                with self.subTest(file=path.name, what=batch.get(path.name)):
                    self.assertEqual(1, len(lines[path.name]), lines[path.name])
                    if path.name not in batch:
                        self.assertIn("-->", lines[path.name][0])
            said.update({name: lines[name][0] for name in batch if lines[name]})
        return said

    def check_nothing_else_happened(self):
        """No file outside of the repository, and in it what the registry knows."""
        self.assertEqual(["incoming", "obs_tiny", "repository"], sorted(path.name for path in self.scratch.iterdir()))
        with sqlite3.connect(self.repository / "registry.sqlite3") as registry:
            known = {row[0] for row in registry.execute("select path from raw_file")}
            rows = registry.execute("select count(*) from raw").fetchone()[0]
        raws = {str(path.relative_to(self.repository)) for path in (self.repository / "raw").rglob("*")
                if path.is_file()}
        self.assertEqual(known, raws)
        self.assertEqual(rows, len(raws))

    def look_at_pixels(self):
        """Every file is read as a frame, sound or not."""
        files = sorted(self.incoming.iterdir())
        for start in range(0, len(files), 150):
            part = files[start:start + 150]
            began = time.monotonic()
            done = self.almagest("check-camera", "tinyCam", *part, "--json", expect=None)
            self.assertLess(time.monotonic() - began, LONGEST)
            self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])
            checked = json.loads(done.stdout)
            self.assertEqual([str(path) for path in part], [entry["file"] for entry in checked])
            for entry in checked:
                if "sound" in entry["file"]:
                    self.assertEqual([], entry["problems"])

    def test_headers_that_lie(self):
        mutants = list(mutated_headers(1000))
        self.assertGreater(len(mutants), 200)
        said = self.ingest(mutants)
        refused = [line for line in said.values() if "-->" not in line]
        self.assertGreater(len(refused), 100)
        # A message tells more than that something is wrong: the card, or what is there already.
        words = re.compile(r"card|header|NAXIS|BITPIX|visit=|ccd=|OBSNUM|'\w+'|FITS|HDU")
        self.assertEqual([], [line for line in refused if not words.search(line)])
        self.check_nothing_else_happened()
        self.look_at_pixels()

    def test_files_that_are_damaged(self):
        said = self.ingest(mutated_files(5000, 520))
        self.assertGreater(len([line for line in said.values() if "-->" not in line]), 150)
        self.check_nothing_else_happened()
        self.look_at_pixels()


if __name__ == "__main__":
    unittest.main()
