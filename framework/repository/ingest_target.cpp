// Which files, into which repository, and on how many threads: the small functions of ingest.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "repository/ingest.hpp"
#include "repository/opened_repository.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

/// Hidden files and directories are nobody's frames: `.NAME.PID.N.tmp` is one being written.
bool is_hidden(fs::path const& path) {
  return path.filename().string().starts_with('.');
}

std::vector<fs::path> files_below(fs::path const& directory,
                                  std::vector<std::string> const& endings) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (is_hidden(entry->path())) {
      if (entry->is_directory(ignored)) entry.disable_recursion_pending();
      continue;
    }
    std::string const name = lower(entry->path().filename().string());
    if (!entry->is_directory(ignored) &&
        std::ranges::any_of(endings, [&](std::string const& e) { return name.ends_with(e); }))
      files.push_back(entry->path());
  }
  if (error) throw ConfigError("cannot list " + directory.string() + ": " + error.message());
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::vector<fs::path> ingested_files(std::vector<fs::path> const& given,
                                     std::vector<std::string> const& endings) {
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  auto const add = [&](fs::path const& file) {
    if (fs::path source = absolute_source(file); seen.insert(source).second)
      files.push_back(std::move(source));
  };
  for (fs::path const& path : given) {
    std::error_code error;
    if (fs::is_directory(path, error))
      std::ranges::for_each(files_below(path, endings), add);
    else
      add(path);
  }
  return files;
}

IngestTarget ingest_target(fs::path const& given, char const* what) {
  fs::path root = fs::absolute(given).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  if (fs::exists(root / repository_file_name)) {
    RepositoryFile const file = read_repository_file(root);
    if (!file.parent.empty())
      throw ConfigError(fmt::format("{} holds outputs made from {}: {} belong there", root.string(),
                                    file.parent.string(), what));
    return {root, root / registry_file_name, false};
  }
  if (fs::exists(root / "_mapper")) return {root, root / registry_file_name, true};
  throw ConfigError(
      fmt::format("{} is no repository: it has neither {} nor _mapper; with "
                  "--instrument NAME one is made",
                  root.string(), repository_file_name));
}

void for_each_index(std::size_t n, int threads, std::function<void(std::size_t)> const& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  auto const run = [&] {
    for (std::size_t i = next++; i < n; i = next++) try {
        work(i);
      } catch (...) {
        std::scoped_lock const lock(mutex);
        failure = std::current_exception();
      }
  };
  std::vector<std::jthread> others;
  auto const helpers = std::min(static_cast<std::size_t>(std::max(threads, 1)), n);
  for (std::size_t i = 1; i < helpers; ++i) others.emplace_back(run);
  run();
  others.clear();  // joins
  if (failure) std::rethrow_exception(failure);
}

}  // namespace almagest
