#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace almagest {

/// How an ingested file comes to its place: a symbolic link to where it is, a copy, the file
/// itself, or not at all.
enum class IngestMode { link, copy, move, direct };
std::string to_string(IngestMode mode);
/// \throws ConfigError with the four names
IngestMode ingest_mode(std::string_view name);

/// Size and time of change of a file. None when there is none. \throws DataError when it cannot be
/// looked at, or is no regular file
struct FileStamp {
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  bool operator==(FileStamp const&) const = default;
};
std::optional<FileStamp> file_stamp(std::filesystem::path const& path);

/// The path of a file from the root, its directory without links; the file may be a link itself.
std::filesystem::path absolute_source(std::filesystem::path const& path);

/// Whether two files have the same bytes. \throws DataError naming the one that cannot be read
bool same_content(std::filesystem::path const& a, std::filesystem::path const& b);

/// Puts a file at a place, complete or not at all; nothing that is there is ever replaced, but a
/// link to nowhere. Of a file to be moved there is a second name at its place until
/// remove_source().
/// \returns false when the same file, or one with the same content, was there already
/// \throws DataError with both names when another file is there, or the place cannot be written
bool place_file(std::filesystem::path const& source, std::filesystem::path const& target,
                IngestMode mode);

/// The last step of a move: the source goes, unless it is the target itself, or the target is a
/// link or another file.
void remove_source(std::filesystem::path const& source, std::filesystem::path const& target);

}  // namespace almagest
