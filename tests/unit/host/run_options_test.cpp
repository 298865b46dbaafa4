#include "host/run_options.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "almagest/error.hpp"

namespace {

using namespace almagest;

RunOptions parse(Arguments const& words) {
  return parse_run_options(words, true);
}

std::string refusal(Arguments const& words) {
  try {
    parse(words);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("run options: each --id is a group of its own") {
  RunOptions const options = parse({"pipe", "repo", "--id", "run=4192", "filter=u^g^r", "field=300",
                                    "--id", "run=6377", "--output", "out"});
  REQUIRE(options.ids);
  REQUIRE(options.ids->groups.size() == 2);
  CHECK(options.ids->groups[0].size() == 3);
  CHECK(options.ids->groups[0][1].key == "filter");
  CHECK(options.ids->groups[0][1].any.size() == 3);
  CHECK(options.ids->groups[1].size() == 1);
  CHECK(options.pipeline == "pipe");
  CHECK(options.repository == "repo");
}

TEST_CASE("run options: a bare --id selects everything, no --id nothing") {
  CHECK(parse({"pipe", "repo", "--id"}).ids->groups.at(0).empty());
  CHECK_FALSE(parse({"pipe", "repo"}).ids);
}

TEST_CASE("run options: -c and -C keep their order") {
  RunOptions const options =
      parse({"pipe", "repo", "-c", "a.b=1", "c.d=2", "-C", "file.toml", "-c", "a.b=3"});
  REQUIRE(options.overrides.size() == 4);
  CHECK(options.overrides[1].text == "c.d=2");
  CHECK(options.overrides[2].kind == PipelineOverride::Kind::file);
  CHECK(options.overrides[3].text == "a.b=3");
}

TEST_CASE("run options: a repository swallowed by --id or -c is explained") {
  CHECK(refusal({"pipe", "--id", "run=1", "repo"}) ==
        "'repo' after --id is not KEY=VALUE; the pipeline and the repository stand before the "
        "options");
  CHECK(refusal({"pipe", "-c", "a.b=1", "repo"})
            .starts_with("'repo' after --config is not KEY=VALUE"));
}

TEST_CASE("run options: a chained rerun names the one that it reads from") {
  RunOptions const options = parse({"p", "r", "--rerun", "in:out"});
  CHECK(options.input_rerun == "in");
  CHECK(options.rerun.name == "out");
  CHECK(refusal({"p", "r", "--rerun", ":out"}) == "--rerun ':out' is not IN:OUT, two names");
}

TEST_CASE("run options: what comes later says that it is not implemented") {
  CHECK(refusal({"p", "r", "--id-table", "x.csv"}) == "not implemented: --id-table");
  CHECK(refusal({"p", "r", "--debug"}) == "not implemented: --debug");
}

TEST_CASE("run options: wrong words are refused with what is known") {
  CHECK(refusal({"p", "r", "--outptu", "x"}) == "no option '--outptu'; did you mean '--output'?");
  CHECK(refusal({"p", "r", "-j", "many"}) ==
        "--processes wants a whole number from 1 to 1024, got 'many'");
  CHECK(refusal({"p", "r", "-t", "inf"}) ==
        "--timeout wants a number from 0.0 to 1000000000.0, got 'inf'");
  CHECK(refusal({"p", "r", "--id", "filter=g", "filter=r"}) ==
        "'filter' stands twice after one --id; alternatives are filter=A^B");
  CHECK(refusal({"p", "r", "-L", "loud"}) ==
        "'loud' is no log level: trace, debug, info, warn, error");
  CHECK(refusal({"p"}) == "give a pipeline and a repository before the options; got only 'p'");
  CHECK(refusal({"p", "r", "s"}) == "one word too many: 's' (wanted a pipeline and a repository)");
  CHECK(refusal({"p", "r", "--rerun", "a", "--output", "b"}) ==
        "--rerun and --output exclude each other");
}

TEST_CASE("run options: log levels go to all tasks or to one") {
  RunOptions const options = parse({"p", "r", "-L", "WARN", "-L", "detect=DEBUG"});
  REQUIRE(options.log_levels.size() == 2);
  CHECK(options.log_levels[0] == std::pair<std::string, LogLevel>{"", LogLevel::warning});
  CHECK(options.log_levels[1] == std::pair<std::string, LogLevel>{"detect", LogLevel::debug});
}

TEST_CASE("run options: --show run shows and goes on") {
  CHECK(parse({"p", "r", "--show", "config=detect*", "data"}).show_only());
  CHECK_FALSE(parse({"p", "r", "--show", "config", "run"}).show_only());
  CHECK(parse({"p", "r", "--show", "config=detect*"}).show[0].detail == "detect*");
}

TEST_CASE("run options: an argument file has comments, blank lines and quotes") {
  auto const path = std::filesystem::temp_directory_path() / "almagest_run_options_test.txt";
  std::ofstream(path)
      << "# frames\n\n--id run=4192 filter=r   # the deep one\n--where 'field == 300'\n";
  RunOptions const options = parse({"p", "r", "@" + path.string()});
  std::filesystem::remove(path);
  REQUIRE(options.ids);
  CHECK(options.ids->groups.at(0).size() == 2);
  CHECK(options.where.at(0) == "field == 300");
  CHECK(refusal({"p", "r", "@no-such-file"}) == "cannot read the argument file 'no-such-file'");
}

}  // namespace
