#!/usr/bin/env python3
"""The public headers include nothing but each other and the C++ standard library, and each
compiles alone.

usage: headers_test.py HEADER_DIR COMPILER INCLUDE_DIR...
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

# C++20, without the headers that only wrap C's.
STANDARD = set("""
algorithm any array atomic barrier bit bitset charconv chrono compare complex concepts
condition_variable coroutine deque exception execution filesystem format forward_list fstream
functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
locale map memory memory_resource mutex new numbers numeric optional ostream queue random ranges
ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept
stop_token streambuf string string_view strstream syncstream system_error thread tuple type_traits
typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath csetjmp csignal cstdarg cstddef
cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype
""".split())


def bad_includes(header, include_dirs):
    """Yields a message for each include that a public header may not have."""
    for number, line in enumerate(header.read_text().splitlines(), 1):
        match = re.match(r"\s*#\s*include\s*(\S+)", line)
        if not match:
            continue
        own = re.fullmatch(r'"(almagest/[^"]+)"', match[1])
        standard = re.fullmatch(r"<([^>]+)>", match[1])
        if own and any((pathlib.Path(d) / own[1]).is_file() for d in include_dirs):
            continue
        if standard and standard[1] in STANDARD:
            continue
        yield (f"{header}:{number}: includes {match[1]}; "
               'expected an existing "almagest/..." or a header of the standard library')


def compile_alone(header, compiler, include_dirs):
    """Returns a message when the header does not compile by itself, twice over."""
    include = f'#include "almagest/{header.name}"\n'
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
               *(f"-I{d}" for d in include_dirs), "-x", "c++", "-"]
    result = subprocess.run(command, input=include * 2, capture_output=True, text=True)
    return "" if result.returncode == 0 else f"{header}: does not compile alone\n{result.stderr}"


def main(header_dir, compiler, *include_dirs):
    headers = sorted(pathlib.Path(header_dir).glob("*.hpp"))
    failures = [] if headers else [f"{header_dir}: no headers"]
    for header in headers:
        failures += bad_includes(header, include_dirs)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda h: compile_alone(h, compiler, include_dirs), headers)
        failures += filter(None, results)
    print("\n".join(failures) if failures else f"{len(headers)} headers, all self-contained")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
