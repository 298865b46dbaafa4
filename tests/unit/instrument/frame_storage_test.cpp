#include "instrument/frame_storage.hpp"

#include <doctest/doctest.h>

#include "engine/toml_reader.hpp"

using namespace almagest;

namespace {

constexpr char const* ids = R"(
[data_id]
keys  = [{ name = "visit", type = "int" }, { name = "ccd", type = "int" }]
roles = { exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }
)";

FrameStorage read(std::string const& text, Problems& problems) {
  ConfigValue const document = parse_toml(ids + text, "camera.toml");
  DataIdTable const table = read_data_id_table(*document.find("data_id"), problems);
  return read_frame_storage(document, table, problems);
}

}  // namespace

TEST_CASE("frame storage: without a table the columns are the keys and what the roles name") {
  Problems problems;
  FrameStorage const storage = read("", problems);
  CHECK(problems.str().empty());
  REQUIRE(storage.raw.size() == 3);
  CHECK(storage.raw[0].name == "visit");
  CHECK(storage.raw[2].name == "filter");
  CHECK(storage.raw[2].type == FrameColumn::Type::text);
  CHECK(storage.visit == std::vector<std::string>{"visit", "filter"});
}

TEST_CASE(
    "frame storage: columns keep their order, and may be called otherwise than the property") {
  Problems problems;
  FrameStorage const storage = read(R"(
[registry]
raw = [{ name = "field", type = "text" }, { name = "ccd", type = "int" }, { name = "visit", type = "int" },
       { name = "expTime", type = "float", property = "exposure_time" }]
visit = ["visit", "field"]
[paths]
raw = "{visit}/{ccd}.fits"
)",
                                    problems);
  CHECK(problems.str().empty());
  CHECK(storage.raw.front().name == "field");
  CHECK(storage.find("expTime")->property == "exposure_time");
  CHECK(storage.find("filter") == nullptr);
  CHECK(storage.visit == std::vector<std::string>{"visit", "field"});
  REQUIRE(storage.paths.size() == 1);
  CHECK(storage.paths[0].second.string() == "{visit}/{ccd}.fits");
}

TEST_CASE("frame storage: everything wrong is said at its place") {
  Problems problems;
  read(R"(
[registry]
raw = [{ name = "id", type = "int" }, { name = "visit", type = "text" }, { name = "visit", type = "integer" },
       { nam = "x", type = "int" }]
visit = ["field"]
[paths]
raw = 3
)",
       problems);
  std::string const text = problems.str();
  for (char const* part :
       {"not the row's number 'id'", "column 'visit' is there twice",
        "'type' must be 'int', 'float' or 'text', got 'integer'", "did you mean 'name'?",
        "lacks the data ID's key 'ccd'", "column 'visit' is of another type",
        "'field' is no column of the table of raw frames",
        "[paths] 'raw' wants a path, got integer"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part << "\n" << text);
}
