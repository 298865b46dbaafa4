"""`almagest compare`: its numbers against an independent program's, every kind of file, pictures, errors."""
import csv
import json
import math
import pathlib
import struct
import unittest
import xml.etree.ElementTree
import zlib

import numpy as np
from astropy.io import fits

from support import ScratchTest, require_real_data, run

# What an independent program says of the two reference catalogues against the stack's. It is written in Python with
# numpy, and with scipy's k-d tree for the match, and shares nothing with Almagest but the definitions. Here is its JSON
# of 2026-11-20, rounded to nine digits, NaN as null. Offsets are [median, 1.4826 MAD]; "0-5" is a range of the
# signal-to-noise ratio with the number of rows and the share that was found.
EXPECTED = json.loads((pathlib.Path(__file__).parent / "compare_expected.json").read_text())

FLAGS = ("base_SdssCentroid_flag", "base_PixelFlags_flag_edge", "base_PixelFlags_flag_interpolatedCenter",
         "base_PixelFlags_flag_saturatedCenter", "base_SdssShape_flag")


def png_pixels(path):
    """Width, height and the decompressed bytes of a PNG."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place, packed = 8, b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place:place + 8])
        content = data[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", content[:8])
        assert kind != b"tIME"
        packed += content if kind == b"IDAT" else b""
        place += 12 + length
    return width, height, zlib.decompress(packed)


class Compare(ScratchTest):
    def setUp(self):
        super().setUp()
        self.demo = require_real_data(self)
        self.expected = self.demo / "expected" / "detected-sources.txt"

    def compared(self, a, b, *words):
        run("compare", a, b, *words, "--json", self.scratch / "numbers.json")
        return json.loads((self.scratch / "numbers.json").read_text())

    def same_number(self, ours, theirs, what):
        if ours is None or theirs is None:
            self.assertEqual(ours, theirs, what)
        else:
            self.assertTrue(math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-13), f"{what}: {ours} {theirs}")

    def test_numbers_are_those_of_an_independent_program(self):
        for name, theirs in EXPECTED.items():
            ours = self.compared(self.demo / "reference" / name, self.expected)
            self.assertEqual([f"run=4192 filter={f}" for f in "ugriz"], [frame["frame"] for frame in ours])
            for frame, reference in zip(ours, (theirs[f"4192{f}"] for f in "ugriz")):
                self.assertEqual((reference["nOurs"], reference["nExp"], reference["matched"]),
                                 (frame["rows_a"], frame["rows_b"], frame["matched"]))
                self.assertEqual(reference["same_ids"], frame["same_ids"])
                self.assertEqual(frame["rows_b"], sum(b["rows"] for b in frame["completeness"]))
                bins = {f"{b['low']:g}-{b['high'] or 1e9:g}": (b["rows"], b["found"] / b["rows"])
                        for b in frame["completeness"] if b["rows"] and b["low"] is not None}
                self.assertEqual(list(reference["completeness"]), list(bins))
                for ratio, (rows, share) in reference["completeness"].items():
                    self.assertEqual(rows, bins[ratio][0])
                    self.same_number(bins[ratio][1], share, f"{name} {frame['frame']} {ratio}")
                for sample, numbers in frame["samples"].items():
                    self.assertEqual(numbers["n"], reference[sample]["n"])
                    for key, value in reference[sample].items():
                        what = f"{name} {frame['frame']} {sample} {key}"
                        if isinstance(value, list):
                            self.same_number(numbers[key]["median"], value[0], what)
                            self.same_number(numbers[key]["scatter"], value[1], what)
                        else:
                            self.same_number(numbers[key], value, what)

    def test_every_kind_of_file_holds_the_same_catalogue(self):
        lines = [line.split() for line in self.expected.read_text().splitlines()]
        names, rows = [lines[0][0].lstrip("#"), *lines[0][1:]], [line for line in lines[1:] if line][:300]
        text = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        numeric = [n for n in names if n != "id" and n not in FLAGS and set(text[n]) - {"-", "True", "False"}]

        # No file but the stack's text tells its frames by the ids: SDSS' exposure and filter in the bits above 26.
        frames = [(4192, "ugriz"[(int(i) >> 26) // 100_000 % 10]) for i in text["id"]]
        as_csv = self.scratch / "plain.csv"
        with open(as_csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*names, "run", "camcol", "field", "filter"])
            writer.writerows([*row, run_number, 4, 300, band] for row, (run_number, band) in zip(rows, frames))
        columns = [fits.Column("id", "K", array=np.array(text["id"], np.int64)),
                   fits.Column("run", "J", array=np.array([run_number for run_number, _ in frames])),
                   fits.Column("camcol", "J", array=np.full(len(rows), 4)),
                   fits.Column("field", "J", array=np.full(len(rows), 300)),
                   fits.Column("filter", "1A", array=np.array([band for _, band in frames]))]
        for name in numeric:
            values = np.array(text[name], float)
            angle = name.startswith("coord_")
            columns.append(fits.Column(name, "D", unit="rad" if angle else None,
                                       array=np.radians(values) if angle else values))
        bits = np.array([[value == "True" for value in text[name]] for name in FLAGS]).T
        plain = fits.BinTableHDU.from_columns(
            columns + [fits.Column(name, "L", array=bits[:, i]) for i, name in enumerate(FLAGS)])
        plain.writeto(self.scratch / "plain.fits")
        stack = fits.BinTableHDU.from_columns([fits.Column("flags", f"{len(FLAGS)}X", array=bits)] + columns)
        for i, name in enumerate(FLAGS):
            stack.header[f"TFLAG{i + 1}"] = name
        stack.writeto(self.scratch / "stack.fits.gz")

        for file in ("plain.csv", "plain.fits", "stack.fits.gz"):
            for a, b in ((self.scratch / file, self.expected), (self.scratch / "plain.fits", self.scratch / file)):
                frame = self.compared(a, b, "--filter", "u")[0]
                self.assertEqual("run=4192 camcol=4 field=300 filter=u", frame["frame"])
                self.assertEqual((88, 88, 88, True),
                                 tuple(frame[k] for k in ("rows_a", "rows_b", "matched", "same_ids")))
                sample = frame["samples"]["all"]
                self.assertEqual(1.0, sample["agree_sflag"])
                self.assertEqual({"median": 0.0, "scatter": 0.0, "p97": 0.0, "worst": 0.0}, sample["psf"])
                self.assertLess(sample["dra_mas"]["worst"], 1e-3)

    def test_ids_tell_no_frames_but_in_the_stacks_text(self):
        lines = [line.split() for line in self.expected.read_text().splitlines() if line]
        as_csv = self.scratch / "untold.csv"  # the rows of u, 88 of them
        as_csv.write_text("\n".join(",".join(line) for line in lines[:89]).lstrip("#") + "\n")
        refused = run("compare", as_csv, self.expected, "--map", "ra=coord_ra:deg", expect=1).stderr
        self.assertIn("untold.csv does not tell its frames", refused)
        frame, = self.compared(as_csv, self.expected, "--filter", "u")
        self.assertEqual(("run=4192 camcol=4 field=300 filter=u", 88, 88, True),
                         tuple(frame[k] for k in ("frame", "rows_a", "matched", "same_ids")))
        frame, = self.compared(as_csv, as_csv)
        self.assertEqual("all", frame["frame"])

    def foreign_catalogue(self):
        """As another program might write it: its own names, the first pixel is 1."""
        path = self.scratch / "foreign.csv"
        with open(self.demo / "reference" / "sources_same_noise.csv") as table, open(path, "w") as file:
            file.write("X_IMAGE,Y_IMAGE,FLUX\n")
            for row in csv.DictReader(table):
                if row["filter"] == "r":
                    file.write(f"{float(row['x']) + 1!r},{float(row['y']) + 1!r},{row['psf']}\n")
        return path

    def test_foreign_columns_and_pixel_origin(self):
        foreign = self.foreign_catalogue()
        refused = run("compare", foreign, self.expected, "--map", "x=X_IMAGE", "y=Y_IMAGE", expect=1).stderr
        self.assertIn("does not tell its frames", refused)
        words = ("--map", "x=X_IMAGE", "y=Y_IMAGE", "--map", "psf=FLUX", "--run", "4192", "--filter", "r")
        frame, = self.compared(foreign, self.expected, *words, "--origin", "1")
        self.assertEqual((777, 777), (frame["rows_b"], frame["matched"]))
        self.assertIsNone(frame["same_ids"])
        self.assertLess(abs(frame["samples"]["SN>20"]["dx"]["median"]), 1e-6)
        frame, = self.compared(foreign, self.expected, *words, "--match", "2")
        self.assertAlmostEqual(1.0, frame["samples"]["SN>20"]["dx"]["median"], places=6)
        swapped, = self.compared(self.expected, foreign, *("--map-b" if w == "--map" else w for w in words),
                                 "--origin-b", "1")
        self.assertEqual(777, swapped["matched"])

    def test_pictures_have_the_same_bytes_each_time(self):
        a = self.demo / "reference" / "sources_other_noise.csv"
        for name in ("one.png", "two.png", "one.svg", "two.svg"):
            run("compare", a, self.expected, "--plot", self.scratch / name)
        for kind in ("png", "svg"):
            self.assertEqual((self.scratch / f"one.{kind}").read_bytes(), (self.scratch / f"two.{kind}").read_bytes())
        width, height, pixels = png_pixels(self.scratch / "one.png")
        self.assertGreater(width, 1000)
        self.assertGreater(height, 500)
        self.assertGreater(len(set(pixels)), 100)  # something is drawn
        root = xml.etree.ElementTree.parse(self.scratch / "one.svg").getroot()
        self.assertTrue(root.tag.endswith("svg"))

    def test_files_of_one_name_are_told_apart(self):
        for place in ("this", "that"):
            (self.scratch / place).mkdir()
            (self.scratch / place / "src.csv").write_text("x,y,psf,psfErr\n1,2,30,1\n3,4,50,1\n")
        a, b = (self.scratch / place / "src.csv" for place in ("this", "that"))
        text = run("compare", a, b, "--plot", self.scratch / "difference.svg").stdout
        self.assertTrue(text.startswith(f"A = {a}\nB = {b}\n"), text)

    def test_degrees_near_the_equator_are_no_radians(self):
        plain, stack = self.scratch / "plain.csv", self.scratch / "stack.txt"
        plain.write_text("coord_ra,coord_dec\n351.57,0.02\n351.58,0.1\n")
        stack.write_text("#coord_ra coord_dec\n351.57 0.02\n351.58 0.1\n")
        text = run("compare", plain, stack).stdout
        self.assertIn("plain.csv (coord_ra and coord_dec are taken as degrees", text)
        frame, = self.compared(plain, stack)
        self.assertEqual((2, 0.0), (frame["matched"], frame["samples"]["all"]["ddec_mas"]["worst"]))
        wrong = run("compare", plain, stack, "--map", "ra=coord_ra:rad", expect=1)
        self.assertIn("no row of", wrong.stderr)

    def test_what_cannot_be_compared_is_refused_by_name(self):
        def refused(*words, expect):
            return run("compare", *words, expect=expect).stderr
        other = self.scratch / "other.csv"
        other.write_text("magnitude,colour\n1,2\n")
        sky = self.scratch / "sky.csv"
        sky.write_text("ra,dec\n1,2\n")
        pixels = self.scratch / "pixels.csv"
        pixels.write_text("x,y\n1,2\n")
        self.assertIn("none.csv", refused(self.scratch / "none.csv", self.expected, expect=1))
        self.assertIn("its columns are: magnitude, colour", refused(other, self.expected, expect=1))
        self.assertIn("sky.csv has ra and dec", refused(pixels, sky, expect=1))
        self.assertIn("no column 'X' for 'x'", refused(pixels, sky, "--map", "x=X", expect=2))
        self.assertIn("did you mean 'gauss'?", refused(pixels, sky, "--map", "gaus=X", expect=2))
        self.assertIn("usage: almagest compare A B", refused(pixels, expect=2))
        self.assertIn("ends in .png or .svg", refused(pixels, pixels, "--plot", "a.gif", expect=2))
        self.assertIn("--plot wants FILE", refused(pixels, pixels, "--plot", "", expect=2))
        self.assertIn("--match", refused(pixels, pixels, "--match", "far", expect=2))
        self.assertIn("run and filter asked for", refused(self.expected, self.expected, "--run", "1", expect=2))
        empty = self.scratch / "empty.csv"
        empty.write_text("x,y\n")
        self.assertIn("have no rows", refused(empty, empty, expect=1))
        self.assertIn("1 row in A, 0 in B", run("compare", pixels, empty, expect=1).stdout)
        elsewhere = self.scratch / "elsewhere.csv"
        elsewhere.write_text("run,filter,x,y\n94,r,1,2\n")
        self.assertIn("elsewhere.csv has run=94 filter=r", refused(self.expected, elsewhere, expect=1))
        far = self.scratch / "far.csv"
        far.write_text("x,y\n500,500\n")
        self.assertIn("no row of", refused(pixels, far, expect=1))


class PlotBlend(ScratchTest):
    def refused(self, *words, expect):
        return run("plot-blend", *words, expect=expect).stderr

    def test_catalogue_and_exposure_are_of_one_frame(self):
        demo = require_real_data(self)
        out = self.scratch / "out"
        run("process-ccd", demo / "input", "--output", out, "--id", "filter=r^i", "-j", 2)
        calexp = next(out.rglob("calexp-004192-r4-0300.fits"))
        src, other = (next(out.rglob(f"src-004192-{band}4-0300.fits")) for band in "ri")
        picture = self.scratch / "blend.png"
        self.assertIn("wants -o FILE", self.refused(calexp, src, expect=2))
        mismatch = self.refused(calexp, other, "-o", picture, expect=1)
        self.assertIn(calexp.name, mismatch)
        self.assertIn(other.name, mismatch)
        unknown = self.refused(calexp, src, "-o", picture, "--source", 12, expect=1)
        self.assertIn(src.name, unknown)
        self.assertIn("no source 12", unknown)
        self.assertFalse(picture.exists())
        run("plot-blend", calexp, src, "-o", picture)
        self.assertGreater(png_pixels(picture)[0], 1000)


if __name__ == "__main__":
    unittest.main()
