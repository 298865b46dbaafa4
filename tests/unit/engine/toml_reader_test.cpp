#include "engine/toml_reader.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace almagest;

namespace {

std::string message(std::string const& text) {
  try {
    parse_toml(text, "f.toml");
    return {};
  } catch (ConfigError const& error) {
    return error.what();
  }
}

std::string repeated(std::string const& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("toml reader: every value keeps its type, and integers are no bools") {
  ConfigValue const v = parse_toml("b = true\ni = 1\nf = 1.0\ns = 'x'\nd = 2013-06-17\n", "f");
  CHECK(*v.find("b") == ConfigValue(true));
  CHECK(*v.find("i") == ConfigValue(1));
  CHECK(*v.find("f") == ConfigValue(1.0));
  CHECK(*v.find("s") == ConfigValue("x"));
  CHECK(*v.find("d") == ConfigValue("2013-06-17"));
}

TEST_CASE("toml reader: values and keys know their places") {
  ConfigValue const v = parse_toml("[task.a]\nin.x = \"y\"\nparams = { p = [1, 22] }\n", "f.toml");
  ConfigValue const& a = *v.find("task")->find("a");
  CHECK(a.where.str() == "f.toml:1:1");
  CHECK(a.find("in")->key_where.str() == "f.toml:2:1");
  CHECK(a.find("in")->find("x")->where.str() == "f.toml:2:8");
  CHECK(a.find("params")->find("p")->key_where.str() == "f.toml:3:12");
  CHECK(a.find("params")->find("p")->array()[1].where.str() == "f.toml:3:20");
}

TEST_CASE("toml reader: a syntax error has its place") {
  CHECK(message("a = 1\nb = = 2\n").starts_with("f.toml:2:"));
  CHECK(message("a = 1\na = 2\n").starts_with("f.toml:2:"));
}

TEST_CASE("toml reader: nesting that would exhaust the stack is refused") {
  CHECK(message("a = " + repeated("[", 100000)) != "");
  CHECK(message("a = " + repeated("{a=", 100000)) != "");
  CHECK(message(repeated("a.", 100000) + "a = 1") == "f.toml:1:66: a key has more than 32 dots");
  CHECK(message(repeated("\"..\".", 100000) + "a = 1") != "");
  CHECK(message('[' + repeated("a . ", 100000) + "a]") != "");
  std::string const deep = repeated("a.", 32);
  CHECK(message(repeated("[\n{" + deep + "a=", 127) + '1' + repeated("}\n]", 127)) != "");
  CHECK(message("a = " + repeated("[", 50) + repeated("]", 50)) == "");
  CHECK(message("# " + repeated("....", 100) + "\na = '" + repeated(". ", 20) + "'\n") == "");
}

TEST_CASE("toml reader: a missing file is not found") {
  CHECK_THROWS_AS(read_toml("no/such/file.toml"), NotFoundError);
}
