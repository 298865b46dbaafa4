#include "almagest/value.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>

#include "almagest/data_id.hpp"
#include "almagest/error.hpp"

using namespace almagest;

TEST_CASE("value: text is short, and a float stays a float") {
  CHECK(to_string(Value(true)) == "true");
  CHECK(to_string(Value(std::int64_t{300})) == "300");
  CHECK(to_string(Value(std::string("HSC-I"))) == "HSC-I");
  // The notation of Python's repr().
  CHECK(to_string(Value(0.5)) == "0.5");
  CHECK(to_string(Value(30.0)) == "30.0");
  CHECK(to_string(Value(0.1 + 0.2)) == "0.30000000000000004");
  CHECK(to_string(Value(100000.0)) == "100000.0");
  CHECK(to_string(Value(1e-4)) == "0.0001");
  CHECK(to_string(Value(1e-5)) == "1e-05");
  CHECK(to_string(Value(1e16)) == "1e+16");
  CHECK(to_string(Value(-0.0)) == "-0.0");
  CHECK(to_string(Value(-std::numeric_limits<double>::infinity())) == "-inf");
  CHECK(to_string(Value(-std::numeric_limits<double>::quiet_NaN())) == "nan");
  for (double const v : {std::numeric_limits<double>::max(), 5e-324, 1.0 / 3.0, 9007199254740993.0})
    CHECK(std::strtod(to_string(Value(-v)).c_str(), nullptr) == -v);
}

TEST_CASE("data ID: keys are found, typed and printed in their order") {
  DataId id{{"run", std::int64_t{4192}}, {"filter", std::string("r")}};
  CHECK(id.str() == "run=4192 filter=r");
  CHECK(id.integer("run") == 4192);
  CHECK(id.text("filter") == "r");
  CHECK(id.find("field") == nullptr);
  CHECK_THROWS_WITH_AS(id.at("field"), "data ID 'run=4192 filter=r' has no key 'field'", DataError);
  CHECK_THROWS_WITH_AS(id.integer("filter"),
                       "key 'filter' of data ID 'run=4192 filter=r' wants integer, got string",
                       DataError);
  id.set("run", std::int64_t{6377});
  id.set("field", std::int64_t{1});
  CHECK(id.str() == "run=6377 filter=r field=1");
}

TEST_CASE("errors: a place is printed as file:line:column") {
  CHECK(std::string(ConfigError(Where{"a.toml", 9, 19}, "no").what()) == "a.toml:9:19: no");
  CHECK(std::string(ConfigError(Where{"a.toml", 0, 0}, "no").what()) == "a.toml: no");
  CHECK(std::string(ConfigError(Where{}, "no").what()) == "no");
  CHECK(std::string(NotImplementedError("--trace").what()) == "not implemented: --trace");
}
