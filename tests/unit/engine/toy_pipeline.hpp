#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/source_catalog.hpp"
#include "engine/pipeline.hpp"

/// Products, tasks and dataset types small enough to see through, for tests of pipelines.
namespace toy {

using namespace almagest;

struct Raw {};
struct Frame {};
struct Spots {};
struct Ghost {};  ///< has no formatter

}  // namespace toy

template <>
struct almagest::ProductTraits<toy::Raw> {
  static constexpr std::string_view id = "toy.Raw/1";
};
template <>
struct almagest::ProductTraits<toy::Frame> {
  static constexpr std::string_view id = "toy.Frame/1";
};
template <>
struct almagest::ProductTraits<toy::Spots> {
  static constexpr std::string_view id = "toy.Spots/1";
};
template <>
struct almagest::ProductTraits<toy::Ghost> {
  static constexpr std::string_view id = "toy.Ghost/1";
};

namespace toy {

struct Algorithm : Component {
  static constexpr std::string_view interface_name = "Algorithm";
};
struct Centroid final : Algorithm {};
struct Aperture final : Algorithm {
  Param<std::vector<double>> radii{*this, "radii", {3.0}, "Radii [pix]"};
};

struct ToyTask : Task {
  Outcome run(Context&) const override { return done; }
};

struct Assemble final : ToyTask {
  In<Raw> raw{*this, "raw"};
  Out<Frame> frame{*this, "frame"};
};

struct Level final : ToyTask {
  Param<double> value = Param<double>{*this, "value", 10.0, "Level [adu]"}.within(0.0, 100.0);
  Param<std::string> method =
      Param<std::string>{*this, "method", "mean", "Statistic"}.one_of({"mean", "median"});
  Param<bool> robust{*this, "robust", false, "Whether to clip"};
  Param<std::map<std::string, double>> by_band{*this, "by_band", {}, "Level by band [adu]"};
  In<Frame> in{*this, "frame"};
  Out<Frame> out{*this, "frame"};
};

struct Detect final : ToyTask {
  Param<double> threshold{*this, "threshold", 5.0, "Threshold [sigma]"};
  Param<std::int64_t> grow{*this, "grow", 2, "Growth [pix]"};
  In<Frame> frame{*this, "frame"};
  Out<Spots> spots{*this, "spots"};
};

/// Adds a column per algorithm to the minimal schema.
struct Measure final : ToyTask {
  Components<Algorithm> algorithms{*this, "algorithms", {"centroid"}, "What to measure"};
  In<Frame> frame{*this, "frame"};
  In<Spots> spots{*this, "spots"};
  MaybeIn<Frame> background{*this, "background"};
  Out<SourceCatalog> sources{*this, "sources"};

  void prepare(Setup& setup) override {
    Schema schema = Schema::minimal_source();
    for (std::string const& name : algorithms.use()) schema.add<double>(name, "", name);
    setup.declare(sources, schema);
  }
};

struct Calibrate final : ToyTask {
  Param<std::string> column{*this, "column", "The column to use"};  // required
  In<SourceCatalog> in{*this, "sources"};
  Out<SourceCatalog> out{*this, "sources"};
  std::vector<std::string> seen;

  void prepare(Setup& setup) override {
    Schema schema = setup.schema(in);
    schema.key<double>(*column);
    for (Column const& c : schema.columns()) seen.push_back(c.name);
    schema.add<double>("calibrated", "nJy", "Calibrated flux");
    setup.declare(out, schema);
  }
};

struct Summary final : ToyTask {
  GatherIn<SourceCatalog> sources{*this, "sources"};
  Out<Spots> summary{*this, "summary"};
};

struct Report final : ToyTask {
  In<Spots> summary{*this, "summary"};
  Out<Frame> report{*this, "report"};
};

struct Haunt final : ToyTask {
  Resource disk{*this, "disk"};
  In<Frame> frame{*this, "frame"};
  Out<Ghost> ghost{*this, "ghost"};
};

template <Product T>
std::shared_ptr<Formatter const> formatter() {
  return std::make_shared<FunctionFormatter<T>>("toy", nullptr, nullptr);
}

inline void register_all(Registrar& registrar) {
  registrar.product<Raw>("raw", formatter<Raw>());
  registrar.product<Frame>("frame", formatter<Frame>());
  registrar.product<Spots>("spots", formatter<Spots>());
  registrar.product<SourceCatalog>("catalogue", formatter<SourceCatalog>());
  registrar.product<Ghost>("ghost");
  registrar.component<Algorithm, Centroid>("centroid", "");
  registrar.component<Algorithm, Aperture>("aperture", "");
  registrar.task<Assemble>("assemble", "");
  registrar.task<Level>("level", "");
  registrar.task<Detect>("detect", "");
  registrar.task<Measure>("measure", "");
  registrar.task<Calibrate>("calibrate", "");
  registrar.task<Summary>("summary", "");
  registrar.task<Report>("report", "");
  registrar.task<Haunt>("haunt", "");
}

struct World {
  World() {
    plugins.add("toy", register_all);
    auto const add = [this](std::string const& name, std::string const& product) {
      datasets[name] = {name, product, {}, "", Lookup::exact, "", {}};
    };
    add("raw", "toy.Raw/1");
    add("flat", "toy.Frame/1");
    add("calexp", "toy.Frame/1");
    add("src", "almagest.SourceCatalog/1");
    add("thumbnail", "");
  }
  PluginRegistry plugins;
  DatasetTypes datasets;
  std::vector<std::string> keys{"visit",    "ccd",  "filter",          "exposure",
                                "detector", "band", "observation_type"};
  PipelineContext context() const { return {plugins, datasets, keys}; }
};

/// A directory of small files that goes away with the object.
class Files {
 public:
  Files() {
    static int count = 0;
    directory_ = std::filesystem::temp_directory_path() /
                 ("almagest_toy_" + std::to_string(getpid()) + '_' + std::to_string(count++));
    std::filesystem::create_directories(directory_);
  }
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Files(Files const&) = delete;
  Files& operator=(Files const&) = delete;

  std::filesystem::path write(std::string const& name, std::string const& text) const {
    auto const path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::filesystem::path const& directory() const { return directory_; }

  /// A message without this directory in its paths.
  std::string shortened(std::string text) const {
    std::string const prefix = directory_.string() + '/';
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

 private:
  std::filesystem::path directory_;
};

inline std::vector<PipelineOverride> assignments(std::vector<std::string> const& texts) {
  std::vector<PipelineOverride> overrides;
  for (std::string const& text : texts)
    overrides.push_back({PipelineOverride::Kind::assignment, text});
  return overrides;
}

/// Loads a pipeline given as text. \param overrides  as `-c` takes them
inline Pipeline load(World const& world, std::string const& text,
                     std::vector<std::string> const& overrides = {},
                     std::vector<std::string> const& steps = {}) {
  Files files;
  PipelineRequest request;
  request.name = files.write("p.toml", text).string();
  request.overrides = assignments(overrides);
  request.steps = steps;
  try {
    return load_pipeline(request, world.context());
  } catch (ConfigError const& error) {
    throw ConfigError(files.shortened(error.what()));
  }
}

/// The message of the ConfigError that loading throws, or "" when it loads.
inline std::string problems(World const& world, std::string const& text,
                            std::vector<std::string> const& overrides = {},
                            std::vector<std::string> const& steps = {}) {
  try {
    load(world, text, overrides, steps);
    return {};
  } catch (ConfigError const& error) {
    return error.what();
  }
}

}  // namespace toy
