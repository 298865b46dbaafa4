"""Several processes on one rerun."""
import unittest

from support import SyntheticFieldTest, start


class Concurrency(SyntheticFieldTest):
    def start(self, out, *words):
        return start("process-ccd", self.field, "--output", out, "--id", *words)

    def test_four_processes_share_an_output(self):
        alone = self.scratch / "alone"
        self.process(alone)
        together = self.scratch / "together"
        processes = [self.start(together) for _ in range(4)]
        texts = [process.communicate(timeout=120)[1] for process in processes]
        for process, text in zip(processes, texts):
            self.assertEqual(0, process.returncode, text)
            self.assertNotRegex(text, "(?i)busy|database is locked")
        self.assertSameTree(alone, together)

    def test_of_two_configurations_one_wins_and_the_other_says_how_they_differ(self):
        out = self.scratch / "out"
        processes = [self.start(out, "-c", f"detect.threshold={t}") for t in (6.5, 7.5)]
        texts = [process.communicate(timeout=120)[1] for process in processes]
        codes = [process.returncode for process in processes]
        self.assertEqual([0, 2], sorted(codes), texts)
        loser = texts[codes.index(2)]
        self.assertIn("6.5", loser)
        self.assertIn("7.5", loser)


if __name__ == "__main__":
    unittest.main()
