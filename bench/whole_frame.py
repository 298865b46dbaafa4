#!/usr/bin/env python3
"""Times `almagest process-ccd` on frames of a repository, and against another command.

    whole_frame.py REPO [--id KEY=VALUE ...] [-n RUNS] [--program FILE] [--vs COMMAND] [-- OPTION ...]

Every run processes the same data IDs again (--redo) with one thread, from files to files; a first one that
is not counted makes the outputs and fills the page cache. What --vs gives runs in alternation with it
(A B A B ...). CPU is user plus system time of the process and its children, peak memory that of the largest
of them, as the system accounts for them when they end (wait4). Ratios are taken run by run: compare those,
not seconds of different days. Options behind `--` go to process-ccd.
"""
import argparse
import os
import pathlib
import shlex
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Usage:
    """What one finished process has used."""

    def __init__(self, wall, resources):
        self.wall = wall  # s
        self.cpu = resources.ru_utime + resources.ru_stime  # s
        self.peak = resources.ru_maxrss / 1024  # MiB


def run_once(command):
    """Runs a command to its end; stops the program with what it said when it fails."""
    with tempfile.TemporaryFile() as said:
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_DUP2, said.fileno(), 1),
                   (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
        start = time.monotonic()
        try:
            process = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        except OSError as error:
            sys.exit(f"cannot run {command[0]}: {error.strerror}")
        _, status, resources = os.wait4(process, 0)
        usage = Usage(time.monotonic() - start, resources)
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            said.seek(0)
            text = said.read().decode(errors="replace")
            sys.exit(f"{shlex.join(command)}\nended with {code} and said:\n{text}")
        return usage


def alternate(commands, runs):
    """Usages of each command, run in turn; the first round is not counted."""
    usages = [[] for _ in commands]
    for round_number in range(runs + 1):
        for command, its_usages in zip(commands, usages):
            usage = run_once(command)
            if round_number > 0:
                its_usages.append(usage)
    return usages


def summary(values):
    values = list(values)
    return f"{min(values):8.3f} {statistics.median(values):8.3f} {max(values):8.3f}"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=pathlib.Path, help="a repository; it is only read")
    parser.add_argument("--id", nargs="*", default=[], metavar="KEY=VALUE", help="data IDs, as process-ccd takes them")
    parser.add_argument("-n", "--runs", type=int, default=7, help="runs that count (7)")
    parser.add_argument("--program", default=ROOT / "build/bench/bin/almagest", type=pathlib.Path,
                        help="the almagest to run (build/bench/bin/almagest)")
    parser.add_argument("--vs", metavar="COMMAND", help="another command, one string, without a shell")
    own, options = sys.argv[1:], []
    if "--" in own:
        options = own[own.index("--") + 1:]
        own = own[:own.index("--")]
    parsed = parser.parse_args(own)
    if parsed.runs < 1:
        parser.error("-n must be at least 1")
    parsed.options = options
    return parsed


def main():
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="almagest-bench-") as output:
        commands = [[str(given.program.resolve()), "process-ccd", str(given.repository), "--output", f"{output}/frame",
                     "-j1", "--redo", *given.options, "--id", *given.id]]
        names = ["almagest"]
        if given.vs:
            commands.append(shlex.split(given.vs))
            names.append(os.path.basename(commands[-1][0]))
        usages = alternate(commands, given.runs)

    print(f"{given.runs} runs         {'CPU [s]':>26} {'wall [s]':>26} {'peak':>8}")
    print(f"{'':14} {'min   median      max':>26} {'min   median      max':>26} {'MiB':>8}")
    for name, its_usages in zip(names, usages):
        print(f"{name[:14]:14} {summary(u.cpu for u in its_usages)} {summary(u.wall for u in its_usages)} "
              f"{max(u.peak for u in its_usages):8.0f}")
    if given.vs:
        ours, theirs = usages
        print(f"{'ratio':14} {summary(a.cpu / b.cpu for a, b in zip(ours, theirs))} "
              f"{summary(a.wall / b.wall for a, b in zip(ours, theirs))} "
              f"{max(u.peak for u in ours) / max(u.peak for u in theirs):8.2f}")


if __name__ == "__main__":
    main()
