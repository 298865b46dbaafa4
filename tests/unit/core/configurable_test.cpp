#include "almagest/configurable.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "almagest/components.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;

namespace {

class Overscan final : public Configurable {
 public:
  Param<std::string> method =
      Param<std::string>{*this, "method", "median", "How to fit"}.one_of({"median", "spline"});
  Param<double> threshold =
      Param<double>{*this, "threshold", 5.0, "Detection threshold [sigma]"}.within(0.0, 100.0);
  Param<int> order = Param<int>{*this, "order", 1, "Order"}.within(0, 9);
  Param<std::vector<double>> radii =
      Param<std::vector<double>>{*this, "radii", {3.0}, "Radii [pixel]"}.within(0.0, 50.0);
  Param<std::map<std::string, std::vector<int>>> boxes{*this, "boxes", {}, "By amplifier"};
  Param<std::int64_t> seed{*this, "seed", "Has no default"};
};

ConfigValue at(ConfigValue value, unsigned column) {
  value.where = {"b.toml", 9, column};
  value.key_where = {"b.toml", 9, 1};
  return value;
}

std::string problems_of(Configurable& object, ConfigValue const& table) {
  Problems problems;
  object.configure(table, "task 'overscan' (isr/overscan)", ComponentTable(), problems);
  return problems.str();
}

class Algorithm : public Component {
 public:
  static constexpr std::string_view interface_name = "measurement algorithm";
  virtual int answer() const = 0;
};
class Apertures final : public Algorithm {
 public:
  int answer() const override { return static_cast<int>(radii->size()); }

 private:
  Param<std::vector<double>> radii{*this, "radii", {3.0}, "Radii [pixel]"};
};
class Centroid final : public Algorithm {
 public:
  int answer() const override { return -1; }
};

class Measure final : public Configurable {
 public:
  Components<Algorithm> algorithms{*this, "algorithms", {"centroid"}, "What to measure"};
};

ComponentTable algorithms() {
  ComponentTable table;
  table.add<Algorithm, Apertures>("apertures");
  table.add<Algorithm, Centroid>("centroid");
  return table;
}

std::string configure(Measure& measure, ConfigValue const& algorithms_table) {
  ConfigValue table;
  table.set("algorithms", algorithms_table);
  Problems problems;
  measure.configure(table, "task 'm'", algorithms(), problems);
  return problems.str();
}

}  // namespace

TEST_CASE("parameters: declarations describe themselves") {
  Overscan const overscan;
  REQUIRE(overscan.params().size() == 6);
  ParamBase const& threshold = *overscan.params()[1];
  CHECK(threshold.name() == "threshold");
  CHECK(threshold.unit() == "sigma");
  CHECK(threshold.range() == "0.0..100.0");
  CHECK(threshold.type() == "float");
  CHECK(overscan.method.range() == "'median' or 'spline'");
  CHECK(overscan.method.unit().empty());
  CHECK(overscan.radii.type() == "list of float");
  CHECK(overscan.boxes.type() == "table of list of integer");
  CHECK(overscan.seed.required());
}

TEST_CASE("parameters: values are set, and dumped so that they configure another") {
  ConfigValue table;
  table.set("method", "spline");
  table.set("threshold", 7);  // an integer is a number
  table.set("radii", ConfigValue::Array{1, 2.5});
  ConfigValue boxes;
  boxes.set("A", ConfigValue::Array{1, 2});
  table.set("boxes", boxes);
  table.set("seed", 4);
  Overscan overscan;
  CHECK(problems_of(overscan, table) == "");
  CHECK(*overscan.threshold == 7.0);
  CHECK(to_toml(overscan.configuration()) ==
        "{ boxes = { A = [1, 2] }, method = 'spline', order = 1, radii = [1.0, 2.5], seed = 4, "
        "threshold = 7.0 }");

  Overscan again;
  CHECK(problems_of(again, overscan.configuration()) == "");
  CHECK(again.configuration() == overscan.configuration());
}

TEST_CASE("parameters: every problem of a table is reported, with place and nearest name") {
  ConfigValue table;
  table.where = {"b.toml", 9, 10};
  table.set("metod", at("median", 20)).key_where = {"b.toml", 9, 19};
  table.set("threshold", at("5", 31));
  table.set("order", at(10, 40));
  table.set("radii", at(ConfigValue::Array{3.0, 99.0}, 50));
  Overscan overscan;
  // The first two texts stand in the architecture, section 6.
  CHECK(problems_of(overscan, table) ==
        "b.toml:9:10: task 'overscan' (isr/overscan) needs parameter 'seed' (integer)\n"
        "b.toml:9:19: task 'overscan' (isr/overscan) has no parameter 'metod'; did you mean "
        "'method'?\n"
        "b.toml:9:31: parameter 'threshold' wants float, got string\n"
        "b.toml:9:40: parameter 'order' must be 0..9, got 10\n"
        "b.toml:9:50: parameter 'radii' must be 0.0..50.0, got [3.0, 99.0]");
  CHECK(*overscan.order == 1);
}

TEST_CASE("parameters: no value slips through a wrong type, a narrow integer or NaN") {
  auto const refused = [](std::string const& name, ConfigValue const& value) {
    ConfigValue table;
    table.set("seed", 1);
    table.set(name, value);
    Overscan overscan;
    return problems_of(overscan, table);
  };
  CHECK(refused("method", "mean") == "parameter 'method' must be 'median' or 'spline', got 'mean'");
  CHECK(refused("order", 1.0) == "parameter 'order' wants integer, got float");
  CHECK(refused("order", std::int64_t{1} << 40) == "parameter 'order' wants integer, got integer");
  CHECK(refused("order", true) == "parameter 'order' wants integer, got bool");
  CHECK(refused("threshold", std::numeric_limits<double>::quiet_NaN()) ==
        "parameter 'threshold' must be 0.0..100.0, got nan");
  CHECK(refused("radii", 3.0) == "parameter 'radii' wants list of float, got float");
  Overscan overscan;
  CHECK(problems_of(overscan, ConfigValue(1)) ==
        "task 'overscan' (isr/overscan) wants a table of parameters, got integer\n"
        "task 'overscan' (isr/overscan) needs parameter 'seed' (integer)");
}

TEST_CASE("parameters: a name declared twice is refused") {
  struct Twice : Configurable {
    Param<int> a{*this, "a", 1, ""};
    Param<int> b{*this, "a", 1, ""};
  };
  CHECK_THROWS_WITH_AS(Twice(), "parameter 'a' is declared twice", ConfigError);
}

TEST_CASE("components: defaults are made without any configuration") {
  Measure measure;
  Problems problems;
  measure.configure({}, "task 'm'", algorithms(), problems);
  CHECK(problems.str() == "");
  REQUIRE(measure.algorithms.size() == 1);
  CHECK(measure.algorithms[0].answer() == -1);
}

TEST_CASE("components: chosen by name, in order, configured by a table each") {
  ConfigValue apertures;
  apertures.set("radii", ConfigValue::Array{3.0, 6.0});
  ConfigValue table;
  table.set("use", ConfigValue::Array{"centroid", "apertures"});
  table.set("apertures", apertures);
  Measure measure;
  CHECK(configure(measure, table) == "");
  REQUIRE(measure.algorithms.size() == 2);
  CHECK(measure.algorithms[1].answer() == 2);
  CHECK(measure.algorithms.type() == "table of measurement algorithms");

  std::string const dump =
      "{ apertures = { radii = [3.0, 6.0] }, centroid = {}, use = ['centroid', 'apertures'] }";
  CHECK(to_toml(measure.algorithms.value()) == dump);
  Measure again;
  CHECK(configure(again, measure.algorithms.value()) == "");
  CHECK(to_toml(again.algorithms.value()) == dump);
}

TEST_CASE("components: unknown, doubled, unused and misconfigured ones are problems") {
  ConfigValue apertures;
  apertures.set("radi", 3.0).key_where = {"m.toml", 5, 3};
  ConfigValue table;
  ConfigValue::Array use{"apertures", "apertures", "centriod"};
  for (unsigned i = 0; i < use.size(); ++i) use[i].where = {"m.toml", 2, i + 1};
  table.set("use", use);
  table.set("apertures", apertures);
  table.set("centroid", ConfigValue()).key_where = {"m.toml", 4, 1};
  Measure measure;
  CHECK(configure(measure, table) ==
        "m.toml:2:2: parameter 'algorithms': 'apertures' is in 'use' twice\n"
        "m.toml:2:3: parameter 'algorithms': there is no measurement algorithm 'centriod'; did you "
        "mean 'centroid'?\n"
        "m.toml:4:1: parameter 'algorithms' configures 'centroid', which is not in its 'use'; did "
        "you mean 'centriod'?\n"
        "m.toml:5:3: task 'm': measurement algorithm 'apertures' has no parameter 'radi'; did you "
        "mean 'radii'?");

  CHECK(configure(measure, ConfigValue(ConfigValue::Array{"centroid"})) ==
        "parameter 'algorithms' wants table of measurement algorithms, got array");
  ConfigValue bad_use;
  bad_use.set("use", "centroid");
  bad_use.set("centroid", ConfigValue());
  Measure other;
  CHECK(configure(other, bad_use) == "parameter 'algorithms.use' wants list of string, got string");
}
