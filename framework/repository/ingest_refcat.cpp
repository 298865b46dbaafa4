#include "repository/ingest_refcat.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "almagest/error.hpp"
#include "almagest/htm.hpp"
#include "repository/atomic_file.hpp"
#include "repository/ingest.hpp"
#include "repository/path_template.hpp"
#include "repository/reference_catalogs.hpp"
#include "repository/shard_writer.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view unfinished_ending = ".tmp";

/// A directory that becomes the catalogue when all is in it, and goes away when that fails.
class UnfinishedDirectory {
 public:
  explicit UnfinishedDirectory(fs::path const& final_name)
      : final_(final_name),
        path_(final_name.parent_path() / fmt::format(".{}.{}{}", final_name.filename().string(),
                                                     ::getpid(), unfinished_ending)) {
    std::error_code error;
    fs::remove_all(path_, error);
    fs::create_directories(path_, error);
    if (error) throw DataError(path_.string() + ": cannot make it: " + error.message());
  }
  ~UnfinishedDirectory() {
    std::error_code ignored;
    if (!done_) fs::remove_all(path_, ignored);
  }
  UnfinishedDirectory(UnfinishedDirectory const&) = delete;
  UnfinishedDirectory& operator=(UnfinishedDirectory const&) = delete;

  fs::path const& path() const noexcept { return path_; }
  void finish() {
    flush_directory(path_);
    std::error_code error;
    fs::rename(path_, final_, error);  // fails when a directory with files is there
    if (error) throw DataError(final_.string() + ": cannot be made: " + error.message());
    done_ = true;
    flush_directory(final_.parent_path());
  }

  /// Removes what processes left that are gone.
  static void remove_abandoned(fs::path const& directory) {
    std::error_code error;
    std::vector<fs::path> abandoned;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      std::string name = entry->path().filename().string();
      if (!name.starts_with('.') || !name.ends_with(unfinished_ending)) continue;
      name.erase(name.size() - unfinished_ending.size());
      std::string const number = name.substr(name.rfind('.') + 1);
      int pid = 0;
      std::from_chars(number.data(), number.data() + number.size(), pid);
      if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH && entry->is_directory(error))
        abandoned.push_back(entry->path());
    }
    for (fs::path const& path : abandoned) fs::remove_all(path, error);
  }

 private:
  fs::path final_, path_;
  bool done_ = false;
};

fs::path catalogue_directory(RefcatRequest const& request) {
  IngestTarget const target = ingest_target(request.repository, "reference catalogues");
  try {
    confined("the catalogue's name", request.name);
  } catch (DataError const& error) {
    throw ConfigError(error.what());
  }
  if (request.name.starts_with('.') || request.name.find_first_of("{}") != std::string::npos)
    throw ConfigError("'" + request.name +
                      "' is no name for a catalogue: no '.' in front, no braces");
  fs::path const directory = target.root / reference_catalog_directory;
  std::error_code error;
  if (fs::is_symlink(directory, error))
    throw ConfigError(directory.string() + " belongs to somebody else and is only read");
  if (fs::exists(directory / request.name, error))
    throw ConfigError("there is a catalogue already: " + (directory / request.name).string());
  return directory / request.name;
}

/// What has been made of the files so far.
class Catalogue {
 public:
  Catalogue(RefcatRequest const& request, fs::path const& directory)
      : request_(request), directory_(directory) {}

  void add(fs::path const& file);
  RefcatSummary finish() {
    if (!writer_ || writer_->rows() == 0)
      throw DataError("there is no row with a position in these files");
    summary_.rows = writer_->rows();
    summary_.shards = writer_->finish();
    return summary_;
  }

 private:
  RefcatRequest const& request_;
  fs::path const& directory_;
  std::optional<ShardWriter> writer_;
  ShardLayout layout_;
  bool has_id_ = false;
  std::int64_t number_ = 0;
  RefcatSummary summary_;
};

void Catalogue::add(fs::path const& file) {
  std::unique_ptr<RowSource> const rows = RowSource::open(file);
  CatalogueColumns const columns(file.string(), rows->columns(), request_.map, request_.epoch_mjd);
  if (!writer_) {
    layout_ = columns.layout();
    has_id_ = columns.has_id();
    writer_.emplace(directory_, layout_, request_.level, request_.most_bytes);
  } else if (layout_ != columns.layout() || has_id_ != columns.has_id()) {
    throw DataError(file.string() + ": has other columns than the files before it");
  }
  rows->choose(columns.chosen());
  std::vector<double> values;
  CatalogueRow row;
  std::size_t count = 0;
  while (rows->next(values, row.id)) {
    ++count;
    ++number_;
    if (!has_id_) row.id = number_;
    try {
      auto converted = columns.convert(values);
      if (!converted) {
        ++summary_.without_position;
        continue;
      }
      row.values = std::move(*converted);
    } catch (DataError const& error) {
      throw DataError(fmt::format("{}: row {}: {}", file.string(), count, error.what()));
    }
    writer_->add(row);
  }
}

}  // namespace

RefcatSummary ingest_reference_catalog(RefcatRequest const& request, Log& log) {
  if (request.level < 0 || request.level > max_htm_level)
    throw ConfigError(fmt::format("--level wants 0 to {}", max_htm_level));
  fs::path const directory = catalogue_directory(request);
  UnfinishedDirectory::remove_abandoned(directory.parent_path());
  UnfinishedDirectory unfinished(directory);
  Catalogue catalogue(request, unfinished.path());
  for (fs::path const& file : request.files) {
    log.info("reading " + printable(file.string()));
    catalogue.add(file);
  }
  RefcatSummary const summary = catalogue.finish();
  unfinished.finish();
  return summary;
}

}  // namespace almagest
