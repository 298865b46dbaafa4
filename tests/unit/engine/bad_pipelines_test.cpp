#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "toy_pipeline.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

std::string contents(fs::path const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A file may begin with the options that bring its mistake to light:
/// `# options: -c level.value=x` or `# options: --steps detect`.
void read_options(std::string const& text, PipelineRequest& request, fs::path const& directory) {
  std::string const mark = "# options: ";
  if (!text.starts_with(mark)) return;
  std::istringstream words(text.substr(mark.size(), text.find('\n') - mark.size()));
  std::string option, value;
  while (words >> option >> value) {
    if (option == "--steps") request.steps.push_back(value);
    if (option == "-c") request.overrides.push_back({PipelineOverride::Kind::assignment, value});
    if (option == "-C")
      request.overrides.push_back({PipelineOverride::Kind::file, (directory / value).string()});
  }
}

std::string without(std::string text, std::string const& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part))
    text.erase(at, part.size());
  return text;
}

}  // namespace

TEST_CASE("bad pipelines: each mistake gives exactly its message") {
  toy::World const world;
  fs::path const directory = fs::path(ALMAGEST_SOURCE_DIR) / "tests/bad_pipelines";
  std::vector<fs::path> files;
  for (auto const& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  std::ranges::sort(files);
  CHECK(files.size() >= 20);

  for (fs::path const& file : files) {
    CAPTURE(file.filename().string());
    PipelineRequest request;
    request.name = file.string();
    request.installed_pipelines = directory / "parts";
    read_options(contents(file), request, directory);
    std::string message = "(no error)";
    try {
      load_pipeline(request, world.context());
    } catch (ConfigError const& error) {
      message = without(error.what(), directory.string() + '/') + '\n';
    }
    CHECK(message == contents(fs::path(file).replace_extension(".expected")));
  }
}
