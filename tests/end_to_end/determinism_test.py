"""The same input gives the same bytes, with one thread or many."""
import os
import unittest

from support import SyntheticFieldTest, run


class Determinism(SyntheticFieldTest):
    def test_threads_do_not_change_a_byte(self):
        for name, jobs in (("a", 1), ("b", 8), ("c", 1), ("d", 8)):
            self.process(self.scratch / name, "-j", jobs)
        for name in "bcd":
            self.assertSameTree(self.scratch / "a", self.scratch / name)

    def test_threads_do_not_change_a_byte_of_what_is_true_to_the_lsst_stack(self):
        for name, jobs in (("a", 1), ("b", 8)):
            run("run", "almagest:parity/lsst_stack_demo", self.field, "--output", self.scratch / name, "--id", "-j", jobs,
                "-c", "aperture_correction.selector.objectSize.min_flux=4000")  # the field is small
        self.assertSameTree(self.scratch / "a", self.scratch / "b")

    def test_wider_registers_do_not_change_a_byte(self):
        self.process(self.scratch / "wide")
        self.process(self.scratch / "baseline", env={**os.environ, "ALMAGEST_ISA": "baseline"})
        self.assertSameTree(self.scratch / "wide", self.scratch / "baseline")

    def test_the_seed_fixes_the_synthetic_field(self):
        again = self.scratch / "again"
        run("simulate", "sdss", again, "--seed", 3, "-c", *self.PARAMETERS)
        self.assertSameTree(self.field, again)


if __name__ == "__main__":
    unittest.main()
