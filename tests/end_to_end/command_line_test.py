"""The command line: what is accepted, what is refused, and with which words and exit code."""
import os
import stat
import unittest

from support import SyntheticFieldTest, run, tree


class CommandLine(SyntheticFieldTest):
    def refused(self, *words, expect=2):
        return run(*words, expect=expect).stderr

    def test_version_and_help(self):
        self.assertRegex(run("--version").stdout, r"^almagest \d+\.\d+\.\d+\n$")
        self.assertIn("process-ccd", run("--help").stdout)
        self.assertIn("--id", run("process-ccd", "--help").stdout)

    def test_mistyped_words_get_the_nearest_name(self):
        self.assertIn("did you mean 'process-ccd'?", self.refused("proces-ccd"))
        self.assertIn("did you mean '--output'?", self.refused("process-ccd", self.field, "--outptu", "x"))

    def test_a_repository_swallowed_by_id_is_explained(self):
        text = self.refused("process-ccd", "--id", "run=1", self.field)
        self.assertIn("is not KEY=VALUE", text)

    def test_ids_are_selected_as_in_the_tutorials(self):
        everything = run("process-ccd", self.field, "--id", "--show", "data").stdout.splitlines()
        filters = sorted(line.split("filter=")[1].split()[0] for line in everything)
        self.assertEqual(len(filters), len(set(filters)))
        some = run("process-ccd", self.field, "--id", "filter=g^r", "field=1..99999", "--show", "data").stdout
        self.assertEqual(2, len(some.splitlines()))
        none = run("process-ccd", self.field, "--id", "run=1", "--show", "data").stdout
        self.assertEqual("", none)
        self.assertIn("wavelength", self.refused("process-ccd", self.field, "--id", "wavelength=1", "--show", "data"))
        where = run("process-ccd", self.field, "--where", "filter == 'r'", "--show", "data").stdout
        self.assertEqual(1, len(where.splitlines()))

    def test_the_log_is_set_per_task_and_ends_with_the_summary(self):
        self.assertIn("did you mean 'detect'?", self.refused("process-ccd", self.field, "-L", "detct=info", "--id"))
        log = self.scratch / "log.txt"
        self.process(self.scratch / "out", "-L", "error", "-L", "measure=info", "--logdest", log)
        text = log.read_text()
        self.assertIn("measure info: ", text)
        self.assertNotIn("detect info: ", text)
        self.assertIn("data IDs: 3 done, 0 up to date, 0 failed", text)

    def test_query_lists_what_is_stored(self):
        self.assertEqual("", run("query", self.field, "--dataset", "src").stdout)
        out = self.scratch / "out"
        self.process(out)
        self.assertEqual(run("query", out).stdout, run("query", out, "--dataset", "src").stdout)
        self.assertIn("is no catalogue", self.refused("export", out, "calexp", "-o", self.scratch / "x.csv"))

    def test_argument_files(self):
        words = self.scratch / "ids.txt"
        words.write_text("# the r frame\n\n--id filter=r   # only this\n--show data\n")
        self.assertEqual(1, len(run("process-ccd", self.field, f"@{words}").stdout.splitlines()))

    def test_show_prints_and_does_not_run(self):
        self.assertIn("[task.detect]", run("process-ccd", self.field, "--show", "config").stdout)
        self.assertIn("detect", run("process-ccd", self.field, "--show", "tasks").stdout)
        self.assertIn("digraph", run("process-ccd", self.field, "--show", "graph=dot").stdout)
        self.assertIn("flowchart", run("process-ccd", self.field, "--show", "graph=mermaid").stdout)

    def test_the_dumped_configuration_runs_unchanged(self):
        dump = self.scratch / "dump.toml"
        dump.write_text(run("process-ccd", self.field, "--show", "config", "-c", "detect.threshold=6").stdout)
        run("run", dump, self.field, "--output", self.scratch / "a", "--id")
        self.process(self.scratch / "b", "-c", "detect.threshold=6")
        products = [{name: data for name, data in tree(self.scratch / out).items() if name.endswith(".fits")}
                    for out in "ab"]
        self.assertEqual(products[0], products[1])

    def test_what_comes_later_says_so(self):
        for words in (("--id-table", "x"), ("--trace", "x=1"), ("--debug",)):
            self.assertIn("not implemented", self.refused("process-ccd", self.field, "--id", *words))

    def test_a_rerun_goes_on_only_from_one_that_is_there(self):
        self.assertIn("rerun/a", self.refused("process-ccd", self.field, "--rerun", "a:b", "--id"))

    def test_a_read_only_repository_is_never_written_to(self):
        before = tree(self.field)
        directories = [self.field, *(path for path in self.field.rglob("*") if path.is_dir())]
        for directory in directories:
            os.chmod(directory, stat.S_IRUSR | stat.S_IXUSR)
        try:
            self.process(self.scratch / "out")
        finally:
            for directory in directories:
                os.chmod(directory, stat.S_IRWXU)
        self.assertEqual(before, tree(self.field))
        self.assertEqual([], [p.name for p in self.field.iterdir() if p.name.endswith(("-wal", "-shm", "-journal"))])

    def test_reruns_below_the_repository(self):
        run("process-ccd", self.field, "--rerun", "mine", "--id", "filter=r")
        self.assertTrue(list((self.field / "rerun" / "mine").rglob("calexp-*.fits")))
        self.assertIn("mine", run("query", self.field, "--reruns").stdout)
        self.assertIn("filter=r", run("query", self.field, "--dataset", "src", "--rerun", "mine").stdout)

    def test_a_missing_file_fails_its_own_data_id_only(self):
        victim = sorted(self.field.rglob("fpM-*-r*"))[0]
        content = victim.read_bytes()
        victim.unlink()
        self.addCleanup(victim.write_bytes, content)
        failed = self.process(self.scratch / "out", expect=1)
        self.assertIn(victim.name, failed.stderr)
        others = len(run("process-ccd", self.field, "--id", "--show", "data").stdout.splitlines()) - 1
        self.assertEqual(others, len(list((self.scratch / "out").rglob("calexp-*.fits"))))


if __name__ == "__main__":
    unittest.main()
