"""Ended in the middle, by SIGINT or SIGKILL: no partial file, and the same command finishes the job."""
import os
import random
import signal
import sqlite3
import time
import unittest

from support import SyntheticFieldTest, start, tree


class Interruption(SyntheticFieldTest):
    KILLS = int(os.environ.get("ALMAGEST_KILLS", "5"))

    def setUp(self):
        super().setUp()
        self.whole = self.scratch / "whole"
        began = time.monotonic()
        self.process(self.whole)
        self.duration = time.monotonic() - began

    def start(self, out, *words):
        return start("process-ccd", self.field, "--output", out, "--id", *words)

    def check_registry(self, out):
        """Every row has its file."""
        registry = sqlite3.connect(out / "registry.sqlite3")
        rows = registry.execute("SELECT path FROM dataset").fetchall()
        registry.close()
        self.assertTrue(rows)
        self.assertEqual([], [path for (path,) in rows if not (out / path).is_file()])

    def finish_and_compare(self, out):
        self.process(out)
        self.assertSameTree(self.whole, out)
        self.check_registry(out)

    def check_nothing_partial(self, out):
        whole = tree(self.whole)
        for name, content in (tree(out) if out.exists() else {}).items():
            if not os.path.basename(name).startswith("."):  # temporary names begin with a dot
                self.assertEqual(whole.get(name), content, f"{name} is not as in the whole run")

    def test_sigint_ends_with_130_and_can_be_continued(self):
        chance = random.Random(7)
        for attempt in range(self.KILLS):
            out = self.scratch / f"out{attempt}"
            process = self.start(out, "--progress", "json")
            line = process.stdout.readline()
            while line and "unit_started" not in line:
                line = process.stdout.readline()
            self.assertIn("unit_started", line)  # now it is under way
            time.sleep(chance.uniform(0.0, 0.03))  # s; the rest takes several times that
            process.send_signal(signal.SIGINT)
            _, text = process.communicate(timeout=60)
            self.assertEqual(130, process.returncode, text)
            self.check_nothing_partial(out)
            self.finish_and_compare(out)

    def test_sigkill_leaves_nothing_partial(self):
        chance = random.Random(12)
        for attempt in range(self.KILLS):
            out = self.scratch / f"out{attempt}"
            process = self.start(out)
            time.sleep(chance.uniform(0.0, self.duration))
            process.kill()
            process.communicate(timeout=60)
            self.check_nothing_partial(out)
            self.finish_and_compare(out)


if __name__ == "__main__":
    unittest.main()
