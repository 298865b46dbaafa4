#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "almagest/build_id.hpp"
#include "engine/plugin_registry.hpp"
#include "engine/toy.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

fs::path bad_plugins() {
  return fs::path(ALMAGEST_BINARY_DIR) / "tests" / "bad_plugins";
}

PluginRegistry const& bad_registry() {
  static auto const registry = [] {
    auto made = std::make_unique<PluginRegistry>();
    made->load({bad_plugins()});
    return made;
  }();
  return *registry;
}

std::string error_of(std::string const& plugin) {
  auto const& all = bad_registry().plugins();
  auto const found = std::ranges::find(all, plugin, &PluginInfo::name);
  REQUIRE(found != all.end());
  return found->error;
}

struct Shape : Component {
  static constexpr std::string_view interface_name = "Shape";
};
struct Circle final : Shape {};
struct Square final : Shape {};

struct Idle final : Task {
  Outcome run(Context&) const override { return done; }
};

}  // namespace

// The texts are those of docs/plugin_contract.md.
TEST_CASE("plugins: each broken plugin is listed with a reason of its own") {
  CHECK(error_of("other_abi") ==
        "was built for plugin ABI 2 (descriptor of 48 bytes), this program has ABI 1 (48 bytes): "
        "rebuild it");
  CHECK(error_of("other_build_id") == "rebuild against '" + std::string(build_id.data()) +
                                          "': it was built against 'clang libc++ release "
                                          "0123456789abcdef'");
  CHECK(error_of("no_descriptor") ==
        "is not an Almagest plugin: it has no symbol 'almagest_plugin_descriptor'");
  CHECK(error_of("undefined_symbol") ==
        "cannot be loaded: undefined symbol: _Z19nowhere_to_be_foundv");
  CHECK(error_of("wrong_magic") ==
        "is not an Almagest plugin: its descriptor begins with 0x12345678, not with 0x474d4c41");
  CHECK(error_of("wrong_name") ==
        "calls itself 'another_name', so its file must be named 'another_name.so'");
  CHECK(error_of("throws_while_registering") ==
        "its registration failed: its data files are missing");
  CHECK(error_of("registers_twice") ==
        "its registration failed: task 'registers_twice/idle' is registered already");
  CHECK(error_of("empty") == "cannot be loaded: file too short");
}

TEST_CASE("plugins: a sound plugin loads although its neighbours are broken") {
  CHECK(error_of("sound").empty());
  CHECK(bad_registry().make_task("sound/idle") != nullptr);
  CHECK(bad_registry().tasks().size() == 1);  // nothing of the broken ones stays
}

TEST_CASE("plugins: asking for something of a broken plugin gives the reason and the file") {
  CHECK_THROWS_WITH_AS(bad_registry().make_task("wrong_magic/anything"),
                       doctest::Contains("task 'wrong_magic/anything': plugin 'wrong_magic' ("),
                       ConfigError);
  CHECK_THROWS_WITH_AS(bad_registry().make_task("wrong_magic/anything"),
                       doctest::Contains("bad_plugins/wrong_magic.so) cannot be used: is not an "
                                         "Almagest plugin"),
                       ConfigError);
}

TEST_CASE("plugins: what is not found lists the nearest name, or every path that was tried") {
  CHECK_THROWS_WITH_AS(bad_registry().make_task("sound/idel"),
                       "plugin 'sound' has no task 'idel'; did you mean 'sound/idle'?",
                       ConfigError);
  CHECK_THROWS_WITH_AS(bad_registry().make_task("idle"),
                       "task 'idle' must be written with its plugin: plugin/idle", ConfigError);
  std::string const path = (bad_plugins() / "galfit.so").string();
  CHECK_THROWS_WITH_AS(bad_registry().make_task("galfit/fit"),
                       ("task 'galfit/fit': no plugin 'galfit'; looked for:\n  " + path).c_str(),
                       ConfigError);
}

TEST_CASE("plugins: of two files of one name the first wins, even if it is broken") {
  TemporaryDirectory first;
  std::ofstream(first.path() / "sound.so") << "not a library";
  PluginRegistry registry;
  registry.load({first.path(), bad_plugins()});
  auto const found = std::ranges::find(registry.plugins(), "sound", &PluginInfo::name);
  REQUIRE(found != registry.plugins().end());
  CHECK(found->path == first.path() / "sound.so");
  CHECK_FALSE(found->loaded());
  CHECK(std::ranges::count(registry.plugins(), "sound", &PluginInfo::name) == 1);
}

TEST_CASE("plugins: a directory that everybody may write to is refused") {
  TemporaryDirectory open;
  fs::copy(bad_plugins() / "sound.so", open.path() / "sound.so");
  fs::permissions(open.path(), fs::perms::all);
  PluginRegistry registry;
  registry.load({open.path(), open.path() / "missing"});
  REQUIRE(registry.plugins().size() == 1);
  CHECK(registry.plugins()[0].error ==
        "everybody may write to the directory: its plugins are not loaded");
  CHECK(registry.tasks().empty());
}

TEST_CASE("plugins: a plugin stays loaded when the registry that loaded it is gone") {
  std::unique_ptr<Task> task;
  {
    PluginRegistry registry;
    registry.load({bad_plugins()});
    task = registry.make_task("sound/idle");
  }
  CHECK(task->ports().empty());
  task.reset();  // runs code of the plugin
}

TEST_CASE("plugins: a short component name in two plugins must be written with its plugin") {
  PluginRegistry registry;
  registry.add("plane", [](Registrar& r) {
    r.component<Shape, Circle>("circle", "round");
    r.component<Shape, Square>("square", "not round");
  });
  registry.add("solid", [](Registrar& r) { r.component<Shape, Circle>("circle", "round"); });
  CHECK(registry.names("Shape") ==
        std::vector<std::string>{"plane/circle", "solid/circle", "square"});
  CHECK(registry.make("Shape", "square") != nullptr);
  CHECK(registry.make("Shape", "solid/circle") != nullptr);
  CHECK_THROWS_WITH_AS(registry.make("Shape", "circle"),
                       "Shape 'circle' is registered by more than one plugin: write "
                       "'plane/circle' or 'solid/circle'",
                       ConfigError);
  CHECK_THROWS_WITH_AS(registry.make("Shape", "squre"), "no Shape 'squre'; did you mean 'square'?",
                       ConfigError);
  CHECK(registry.interfaces() == std::vector<std::string>{"Shape"});
  CHECK(registry.components("Shape").size() == 3);
}

TEST_CASE("plugins: bad and repeated names are refused, and nothing of that plugin stays") {
  PluginRegistry registry;
  registry.add("one", [](Registrar& r) { r.product<toy::Number>("a number"); });
  CHECK_THROWS_WITH_AS(registry.add("two",
                                    [](Registrar& r) {
                                      r.task<Idle>("idle", "");
                                      r.product<toy::Number>("another");
                                    }),
                       "product 'toy.Number/1' is registered already, by plugin 'one'",
                       ConfigError);
  CHECK(registry.tasks().empty());
  CHECK_THROWS_WITH_AS(registry.add("two", [](Registrar& r) { r.task<Idle>("a/b", ""); }),
                       "task name 'a/b' is not made of letters, digits, '_' and '-'", ConfigError);
  CHECK(registry.formatter("toy.Number/1") == nullptr);
  CHECK(registry.formatter("no such") == nullptr);
}

TEST_CASE("plugins: a PSF whose type nobody knows keeps its state") {
  PluginRegistry registry;
  PsfState const state{"galfit/sersic/1", {{"n", {{1}, {4.0}}}}};
  CHECK(registry.psf(state)->state() == state);
  registry.add("one", [](Registrar& r) {
    r.psf("galfit/sersic/1", [](PsfState const&) -> std::shared_ptr<Psf const> {
      return std::make_shared<GaussianPsf>(2.0, 15);
    });
  });
  CHECK(registry.psf(state)->kernel_size() == 15);
  CHECK(registry.psf(GaussianPsf(1.5, 11).state())->kernel_size() == 11);
}

TEST_CASE("plugins: directories are searched in the documented order") {
  ::setenv("ALMAGEST_PLUGIN_PATH", "/opt/a::/opt/b", 1);
  auto const found = plugin_directories({"/given"});
  ::unsetenv("ALMAGEST_PLUGIN_PATH");
  REQUIRE(found.size() == 4);
  CHECK(found[0] == "/given");
  CHECK(found[1] == "/opt/a");
  CHECK(found[2] == "/opt/b");
  CHECK(found[3] == fs::path(ALMAGEST_BINARY_DIR) / "lib/almagest/plugins");
}
