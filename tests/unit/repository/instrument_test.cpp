#include <doctest/doctest.h>

#include "repository/declared_instrument.hpp"
#include "toy_repository.hpp"

using namespace almagest;
namespace fs = std::filesystem;

TEST_CASE("obs package: an instrument of TOML alone") {
  toy::World const world;
  ObsPackage const package = load_obs_package("toy", world.plugins);
  Instrument const& toy = *package.instrument;
  CHECK(toy.name() == "toy");
  REQUIRE(toy.keys().size() == 3);
  CHECK(toy.keys()[2].values == std::vector<std::string>{"g", "r", "i"});
  CHECK(toy.role("detector") == "ccd");
  CHECK(toy.role("nonsense").empty());
  DataId const id{{"visit", std::int64_t{12}}, {"ccd", std::int64_t{2}}, {"filter", "i"}};
  CHECK(toy.exposure_id(id).value == (12 * 10 + 2) * 3 + 2);
  CHECK(toy.exposure_id(id).bits == 30);
  CHECK_THROWS_AS(toy.exposure_id({{"visit", std::int64_t{12}}}), DataError);
  CHECK_THROWS_AS(
      toy.exposure_id({{"visit", std::int64_t{-12}}, {"ccd", std::int64_t{2}}, {"filter", "i"}}),
      DataError);
  REQUIRE(toy.detectors().size() == 2);
  CHECK(toy.detectors()[1].name == "east");
  CHECK(toy.detectors()[1].id == 2);
  CHECK(toy.detectors()[1].box == Box{0, 0, 20, 10});
  CHECK(std::get<std::int64_t>(toy.constants().find("speed")->data) == 3);
  CHECK(package.single_frame_pipeline == "process_ccd");
  CHECK(package.datasets.at("doubled").path == "twice/{filter}/{visit:06d}-{ccd}.txt");
  CHECK(package.datasets.at("src").product_id == "almagest.SourceCatalog/1");  // by default
  CHECK(package.hash.size() == 32);
}

TEST_CASE("obs package: comments do not change the hash, values do") {
  toy::World const world;
  std::string const before = load_obs_package("toy", world.plugins).hash;
  auto const file = world.directory.path() / "obs/obs_toy/camera.toml";
  toy::write_file(file, "# remark\n" + std::string(toy::camera));
  CHECK(load_obs_package("toy", world.plugins).hash == before);
  toy::write_file(file, std::string(toy::camera) + "gain = 2.0\n");
  CHECK(load_obs_package("toy", world.plugins).hash != before);
}

TEST_CASE("obs package: everything wrong with its files is said at once") {
  toy::World const world;
  auto const obs = world.directory.path() / "obs/obs_toy";
  toy::write_file(obs / "camera.toml", R"([camera]
name = "toy"
titel = "x"
[data_id]
keys = [{ name = "visit", type = "integer" }, { nam = "ccd", type = "int" }]
roles = { detectr = "ccd" }
exposure_id = { value = "visit + cdd", bits = 99 }
[header]
visit = "OBSNUM"
[detector.1]
size = [3]
)");
  toy::write_file(obs / "datasets.toml", R"([dataset.src]
lookup = "exactly"
path = "../{visit}"
keyes = ["visit"]
)");
  std::string const text =
      toy::message<ConfigError>([&] { load_obs_package("toy", world.plugins); });
  CAPTURE(text);
  for (char const* part :
       {"camera.toml:3:1: [camera] has no key 'titel'; did you mean 'title'?",
        "'type' must be 'int' or 'str', got 'integer'", "has no key 'nam'; did you mean 'name'?",
        "'roles' has no key 'detectr'; did you mean 'detector'?", "'bits' in 1..62",
        "names 'cdd', which is no key", "camera.toml:8:1: [header] does not give",
        "'size' wants [width, height]", "datasets.toml:2:10: 'lookup' must be 'exact'",
        "must be relative",
        "datasets.toml:4:1: [dataset.src] has no key 'keyes'; did you mean 'keys'?"})
    CHECK_MESSAGE(toy::contains(text, part), part);
}

TEST_CASE("obs package: a family of cameras shares files, which the hash covers") {
  toy::World const world;
  fs::path const family = world.directory.path() / "obs/obs_family";
  toy::write_file(family / "shared.inc.toml", R"([data_id]
keys = [{ name = "visit", type = "int" }]
[header]
visit = { table = "visits.csv", index = "name", lookup = "{OBJECT}", column = "visit", type = "int" }
)");
  toy::write_file(family / "visits.csv", "name,visit\nfirst,1\n");
  toy::write_file(family / "left/camera.toml",
                  "[camera]\nname = 'left'\ninherit = '../shared.inc.toml'\n");
  toy::write_file(family / "right/camera.toml",
                  "[camera]\nname = 'right'\ninherit = '../gone.toml'\n");
  ObsPackage const left = load_obs_package("left", world.plugins);
  Header header;
  header.set("OBJECT", "first");
  CHECK(left.instrument->translate(std::span(&header, 1)).integer("visit") == 1);
  CHECK(left.directory == family / "left");
  toy::write_file(family / "visits.csv", "name,visit\nfirst,2\n");
  CHECK(load_obs_package("left", world.plugins).hash != left.hash);
  CHECK(toy::contains(toy::message<ConfigError>([&] { load_obs_package("right", world.plugins); }),
                      "right/camera.toml:3:11: 'inherit': there is no file"));
}

TEST_CASE("obs package: unknown names list the known ones") {
  toy::World const world;
  CHECK(toy::contains(toy::message<ConfigError>([&] { load_obs_package("toi", world.plugins); }),
                      "no instrument 'toi'; did you mean 'toy'?"));
  CHECK(toy::contains(
      toy::message<ConfigError>([&] { load_obs_package_for_mapper("lsst.Other", world.plugins); }),
      "toy.Mapper (toy)"));
  // Another camera's broken file does not disturb.
  toy::write_file(world.directory.path() / "obs/obs_a/camera.toml", "[[[");
  CHECK(load_obs_package_for_mapper("toy.Mapper", world.plugins).instrument->name() == "toy");
  CHECK(toy::contains(toy::message<ConfigError>([&] { load_obs_package("x", world.plugins); }),
                      "obs_a/camera.toml:1"));
}

TEST_CASE("obs package: a plugin that the camera needs and that is not there") {
  toy::World const world;
  toy::write_file(world.directory.path() / "obs/obs_toy/camera.toml",
                  "[camera]\nname = \"toy\"\nplugin = \"obs_toy\"\n[data_id]\nkeys = [{ name = "
                  "\"visit\", type = \"int\" }]\n");
  CHECK(toy::message<ConfigError>([&] { load_obs_package("toy", world.plugins); }) ==
        "instrument 'toy' needs plugin 'obs_toy', which was not found");
}
