#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "repository/refcat_columns.hpp"

namespace almagest {

/// Sorts a catalogue's rows into shards of HTM triangles, in bounded memory: beyond a limit rows go
/// to one file of notes per triangle, from which each shard is made at the end.
class ShardWriter {
 public:
  /// \param directory  exists, and gets the shards
  /// \param most_bytes  of rows held in memory
  ShardWriter(std::filesystem::path directory, ShardLayout layout, int level,
              std::size_t most_bytes);

  /// \throws DataError naming the file, when the notes cannot be written
  void add(CatalogueRow const& row);
  /// Writes every shard, its rows by id, and `master_schema.fits`. \returns how many shards
  std::size_t finish();
  std::size_t rows() const noexcept { return rows_; }

 private:
  void spill();
  std::vector<CatalogueRow> rows_of(std::int64_t htm);
  void write_shard(std::filesystem::path const& path, std::vector<CatalogueRow> rows) const;
  std::filesystem::path notes_of(std::int64_t htm) const;

  std::filesystem::path directory_;
  ShardLayout layout_;
  int level_;
  std::size_t most_bytes_;
  std::size_t held_bytes_ = 0;
  std::size_t rows_ = 0;
  /// Rows by triangle, one behind the other: the id's bits and the values.
  std::map<std::int64_t, std::vector<double>> held_;
};

}  // namespace almagest
