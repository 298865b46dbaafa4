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
    PIPELINE = """
schema  = 1
title   = "The whole pipeline, with what its tail starts from"
include = ["instrument:process_ccd.toml"]
[outputs]
icExp        = "exposure@characterize"
icBackground = "background@characterize"
"""

    def test_a_tail_runs_from_a_stored_exposure(self):
        pipeline = self.scratch / "stored.toml"
        pipeline.write_text(self.PIPELINE)
        whole = self.scratch / "whole"
        run("run", pipeline, self.field, "--output", whole, "--id")
        before = tree(whole)
        tail = run("run", pipeline, self.field, "--output", whole, "--id", "--steps", "calibrate", "--redo",
                   "--progress", "json")
        self.assertEqual({"detect", "background_final", "measure"}, {task for _, task in states(tail)})
        self.assertEqual(before, tree(whole))


if __name__ == "__main__":
    unittest.main()
