#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "almagest/data_id.hpp"
#include "repository/database.hpp"
#include "repository/frame_tables.hpp"

namespace almagest {

/// The file of a raw frame, as the registry keeps it.
struct FrameFile {
  std::string path;    ///< below the repository, or absolute
  std::string source;  ///< absolute: where it was ingested from
  std::string mode;    ///< link, copy, move, direct
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::string checksum;  ///< of all headers and the size
};

/// A raw frame to be entered.
struct FrameRow {
  DataId id;
  std::vector<std::optional<Value>> columns;     ///< as FrameStorage::raw
  std::vector<std::optional<Value>> properties;  ///< as file_properties
  FrameFile file;
  bool replace = false;  ///< the frame is known, and this is what it is now
};

/// A frame that the registry has.
struct KnownFrame {
  std::int64_t row = 0;
  std::optional<FrameFile> file;  ///< none for a row that LSST's middleware has made
};

struct QuarantinedFile {
  std::string source;
  std::string reason;
};

/// Makes a registry as LSST's Gen2 middleware does, where there is none.
/// \throws DataError naming the file
void create_gen2_registry(std::filesystem::path const& path, FrameTablesOf const& of);

/// The tables of raw frames, opened for writing by one thread; other processes may write, too.
class FrameRegistry {
 public:
  /// Makes the tables that are missing. \throws DataError naming the file
  FrameRegistry(std::filesystem::path path, FrameTablesOf const& of);
  ~FrameRegistry();

  std::optional<KnownFrame> find(DataId const& id);
  /// The frame that was ingested from a file, or that stands at a path.
  std::optional<KnownFrame> find_source(std::string const& source);
  std::optional<KnownFrame> find_path(std::string const& path);

  /// Enters frames and quarantined files in one transaction.
  /// \returns for each frame the one that another process has entered before for the same data ID
  /// or path, or none
  std::vector<std::optional<KnownFrame>> enter(std::span<FrameRow const> frames,
                                               std::span<QuarantinedFile const> quarantined);

 private:
  struct Statements;
  std::optional<KnownFrame> enter(FrameRow const& frame);

  std::filesystem::path path_;
  std::unique_ptr<SQLite::Database> database_;
  std::unique_ptr<Statements> statements_;
};

/// Binds a value; none is NULL, a bool a number.
void bind_value(SQLite::Statement& statement, int index, std::optional<Value> const& value);

}  // namespace almagest
