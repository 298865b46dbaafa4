#pragma once

#include <filesystem>

namespace simulate {

/// Compresses a file into a new one and removes it. No time and no name are kept, so that equal
/// contents give equal bytes. \throws DataError naming the path
void gzip_file(std::filesystem::path const& plain, std::filesystem::path const& compressed);

}  // namespace simulate
