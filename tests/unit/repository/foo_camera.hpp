#pragma once

#include <cstdlib>
#include <string>

#include "almagest/fits.hpp"
#include "almagest/plugin.hpp"
#include "repository/formatters/standard_products.hpp"
#include "repository/ingest.hpp"
#include "repository/registry.hpp"
#include "repository/repository.hpp"
#include "toy_repository.hpp"

/// A camera of two CCDs whose raw frames are FITS headers, translated as camera.toml says.
namespace foo {

using namespace almagest;
namespace fs = std::filesystem;

constexpr char const* camera = R"toml(
[camera]
name         = "fooCam"
match        = [{ INSTRUME = "FOO" }]
gen2_mappers = ["foo.Mapper"]
[data_id]
keys  = [{ name = "visit", type = "int" }, { name = "ccd", type = "int" }]
roles = { exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }
[registry]
raw = [{ name = "field", type = "text" }, { name = "visit", type = "int" }, { name = "ccd", type = "int" },
       { name = "filter", type = "text" }, { name = "seconds", type = "float", property = "exposure_time" }]
visit = ["visit", "field", "filter"]
[header]
visit            = { key = "OBSNUM", type = "int" }
ccd              = { key = "CCDNUM", type = "int" }
filter           = { key = "FILTER" }
field            = { key = "OBJECT", default = "UNKNOWN" }
begin            = { time = ["DATE-OBS"], timescale = "utc" }
exposure_time    = { key = "EXPTIME", unit = "s" }
observation_type = { key = "OBSTYPE", case = "lower", map = { object = "science" } }
[paths]
raw = "{field}/{begin:%Y-%m-%d}/{filter}/FOO-{visit:07}-{ccd:03}.fits"
[detector.default]
size = [20, 10]
[detector.1]
[detector.2]
)toml";

/// What a raw frame's primary header says.
struct Raw {
  int visit = 1, ccd = 1;
  std::string filter = "r", field = "M31", date = "2015-10-10T05:06:07", note = {};

  void write(fs::path const& path) const {
    fs::create_directories(path.parent_path());
    fs::remove(path);
    Header header;
    header.set("INSTRUME", std::string("FOO"));
    header.set("OBSNUM", std::int64_t{visit});
    header.set("CCDNUM", std::int64_t{ccd});
    header.set("FILTER", filter);
    header.set("OBJECT", field);
    header.set("DATE-OBS", date);
    header.set("EXPTIME", 30.0);
    header.set("OBSTYPE", std::string("OBJECT"));
    if (!note.empty()) header.set("NOTE", note);
    fits::Writer writer(path);
    writer.primary(header);
    writer.close();
  }
};

/// What was logged, line by line.
struct Lines final : Log {
  void write(LogLevel level, std::string_view message) override {
    (level >= LogLevel::warning ? warnings : all).emplace_back(message);
  }
  bool enabled(LogLevel level) const override { return level >= LogLevel::info; }
  std::vector<std::string> all, warnings;
};

/// The obs package, and a repository for it.
struct World {
  World() {
    toy::write_file(directory.path() / "obs/obs_foo/camera.toml", camera);
    ::setenv("ALMAGEST_OBS_PATH", (directory.path() / "obs").c_str(), 1);
    plugins.add("almagest",
                [](Registrar& registrar) { register_standard_products(registrar, {}); });
  }
  World(World const&) = delete;

  fs::path file(std::string const& name) const { return directory.path() / "files" / name; }
  IngestSummary ingest(std::vector<fs::path> const& files, IngestMode mode = IngestMode::link,
                       int jobs = 2) {
    IngestRequest request;
    request.repository = root;
    if (!fs::exists(root / "_mapper")) request.instrument = "fooCam";
    request.files = files;
    request.mode = mode;
    request.jobs = jobs;
    log = {};
    return ingest_raws(request, plugins, log);
  }
  /// The rows of a query, columns separated by '|', as sqlite3 prints them.
  std::vector<std::string> rows(std::string const& query) const {
    SQLite::Database database((root / "registry.sqlite3").string());
    SQLite::Statement statement(database, query);
    std::vector<std::string> result;
    while (statement.executeStep()) {
      std::string row;
      for (int i = 0; i < statement.getColumnCount(); ++i)
        row += (i == 0 ? "" : "|") + statement.getColumn(i).getString();
      result.push_back(row);
    }
    return result;
  }
  std::shared_ptr<Repository const> open(fs::path const& calibrations = {}) const {
    return Repository::open(root, plugins, {calibrations});
  }

  toy::Directory directory;
  fs::path root = directory.path() / "data";
  PluginRegistry plugins;
  Lines log;
};

}  // namespace foo
