"""The same input gives the same bytes, with one thread or many."""
import unittest

from support import SyntheticFieldTest, run


class Determinism(SyntheticFieldTest):
    def test_threads_do_not_change_a_byte(self):
        for name, jobs in (("a", 1), ("b", 8), ("c", 1), ("d", 8)):
            self.process(self.scratch / name, "-j", jobs)
        for name in "bcd":
            self.assertSameTree(self.scratch / "a", self.scratch / name)

    def test_the_seed_fixes_the_synthetic_field(self):
        again = self.scratch / "again"
        run("simulate", "sdss", again, "--seed", 3, "-c", *self.PARAMETERS)
        self.assertSameTree(self.field, again)


if __name__ == "__main__":
    unittest.main()
