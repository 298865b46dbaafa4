#include <doctest/doctest.h>

#include <fstream>

#include "almagest/error.hpp"
#include "instrument/camera_document.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

struct Package {
  TemporaryDirectory directory;

  void write(std::string const& name, std::string const& text) const {
    fs::create_directories((directory.path() / name).parent_path());
    std::ofstream(directory.path() / name) << text;
  }
  ConfigValue read(std::string const& name) const {
    return read_package_toml(directory.path() / name);
  }
  std::string error(std::string const& name) const {
    try {
      read(name);
      return "";
    } catch (ConfigError const& e) {
      return e.what();
    }
  }
};

}  // namespace

TEST_CASE("inherit: the file's own keys win, table by table; fixes are put one behind the other") {
  Package const package;
  package.write("family.toml", R"([header]
telescope = "T"
filter = { key = "FILTER", case = "lower" }
[detector.default]
size = [10, 20]
pixel_um = 10
[[fix]]
where = "a == 1"
)");
  package.write("one/header.toml", R"(inherit = "../family.toml"
[camera]
match = []
[[fix]]
where = "a == 2"
)");
  package.write("one/camera.toml", R"([camera]
name = "one"
inherit = ["header.toml", "../family.toml"]
[header]
filter = { key = "FILT" }
[detector.default]
pixel_um = 15
[[fix]]
where = "a == 3"
)");
  ConfigValue const one = package.read("one/camera.toml");
  CHECK(to_toml(*one.find("header")) == "{ filter = { key = 'FILT' }, telescope = 'T' }");
  CHECK(to_toml(*one.find("detector")) == "{ default = { pixel_um = 15, size = [10, 20] } }");
  CHECK(!one.find("camera")->find("inherit"));
  CHECK(one.find("camera")->find("match"));
  ConfigValue::Array const& fixes = one.find("fix")->array();
  REQUIRE(fixes.size() == 3);  // the family is named twice and counts once
  CHECK(fixes[0].find("where")->string() == "a == 1");
  CHECK(fixes[1].find("where")->string() == "a == 2");
  CHECK(fixes[2].find("where")->string() == "a == 3");
  CHECK(fs::path(fixes[0].where.file).filename() == "family.toml");
  CHECK(fixes[0].where.line == 7);
}

TEST_CASE("inherit: a missing file and a circle are said at their places") {
  Package const package;
  package.write("a.toml", "[camera]\nname = 'a'\ninherit = 'b.toml'\n");
  CHECK(package.error("a.toml").find("a.toml:3:11: 'inherit': there is no file") !=
        std::string::npos);
  package.write("b.toml", "inherit = ['./a.toml']\n");
  CHECK(package.error("a.toml").find("b.toml:1:12: './a.toml' inherits itself, in a circle") !=
        std::string::npos);
  package.write("b.toml", "inherit = 3\n");
  CHECK(package.error("a.toml").find("b.toml:1:11: 'inherit' wants a file or a list of files") !=
        std::string::npos);
}

TEST_CASE("inherit: what the package's hash is made of has every file that is used") {
  Package const package;
  package.write("camera.toml", "inherit = 'inc/more.toml'\n[header]\nx = 1 # remark\n");
  package.write("inc/more.toml", "table = 'cells.csv'\nfile = 'fixes/{OBSID}.toml'\n");
  package.write("inc/cells.csv", "a,b\n1,2\n");
  package.write("inc/fixes/one.toml", "FILTER = 'r'\n");
  auto const text = [&] { return package_text(package.read("camera.toml")); };
  std::string const before = text();
  package.write("camera.toml", "inherit = 'inc/more.toml'\n[header]\nx = 1\n");
  CHECK(text() == before);
  package.write("inc/cells.csv", "a,b\n1,3\n");
  std::string const changed = text();
  CHECK(changed != before);
  package.write("inc/fixes/one.toml", "FILTER = 'i'\n");
  CHECK(text() != changed);
}
