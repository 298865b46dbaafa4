"""What is up to date is skipped; configurations are not mixed."""
import json
import unittest

from support import SyntheticFieldTest, run, tree


def states(process):
    """(data ID, task) → state, from the JSON lines."""
    found = {}
    for line in process.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "quantum":
            found[(tuple(event["id"].values()), event["task"])] = event["state"]
    return found


class Resume(SyntheticFieldTest):
    def setUp(self):
        super().setUp()
        self.out = self.scratch / "out"
        self.process(self.out)

    def test_nothing_runs_twice(self):
        again = states(self.process(self.out, "--progress", "json"))
        self.assertEqual({"up_to_date"}, set(again.values()))

    def test_only_the_unit_of_a_deleted_output_runs(self):
        before = tree(self.out)
        victim = sorted(self.out.rglob("src-*.fits"))[0]
        victim.unlink()
        again = states(self.process(self.out, "--progress", "json"))
        ran = {id for (id, _), state in again.items() if state != "up_to_date"}
        self.assertEqual(1, len(ran))
        self.assertEqual(before, tree(self.out))

    def test_another_configuration_is_refused_with_the_difference(self):
        refused = self.process(self.out, "-c", "detect.threshold=7.5", expect=2)
        self.assertIn("detect.params.threshold", refused.stderr)
        self.assertIn("7.5", refused.stderr)
        self.assertIn("5.0", refused.stderr)
        self.process(self.out, "-c", "detect.threshold=7.5", "--clobber-config")

    def test_redo_runs_everything(self):
        again = states(self.process(self.out, "--redo", "--progress", "json"))
        self.assertEqual({"ok"}, set(again.values()))

    def test_a_changed_input_makes_its_outputs_stale(self):
        frame = sorted(self.field.rglob("fpM-*"))[0]
        original = frame.read_bytes()
        self.addCleanup(frame.write_bytes, original)
        frame.write_bytes(original + b"\0" * 2880)
        again = states(self.process(self.out, "--progress", "json", expect=None))
        ran = {id for (id, _), state in again.items() if state != "up_to_date"}
        self.assertEqual(1, len(ran))


class Tail(SyntheticFieldTest):
    def test_a_tail_runs_from_stored_products(self):
        whole = self.scratch / "whole"
        self.process(whole)
        before = tree(whole)
        tail = self.process(whole, "--steps", "calibrate", "--redo", "--progress", "json")
        self.assertEqual({"detect", "background_final", "deblend", "measure", "correct_fluxes", "classify",
                          "astrometry", "photometry"}, {task for _, task in states(tail)})
        self.assertEqual(before, tree(whole))

    def test_two_halves_make_a_whole(self):
        whole, halves = self.scratch / "whole", self.scratch / "halves"
        self.process(whole)
        refused = self.process(halves, "--steps", "characterize", expect=2)
        self.assertIn("add the step make_exposure (group 'isr') to --steps", refused.stderr)
        self.process(halves, "--steps", "isr", "characterize")
        self.assertFalse(list(halves.rglob("src-*.fits")))
        self.process(halves, "--steps", "calibrate")
        self.assertSameTree(whole, halves)


if __name__ == "__main__":
    unittest.main()
