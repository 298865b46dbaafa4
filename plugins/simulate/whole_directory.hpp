#pragma once

#include <filesystem>
#include <functional>

namespace simulate {

/// Fills a new directory under another name and gives it its own when all is there, so that half of
/// one is never taken for a whole. What was written goes away when `fill` throws.
///
/// \param directory  does not exist yet, or is empty
/// \throws ConfigError when it is in use; DataError when it cannot be made
void write_whole_directory(std::filesystem::path const& directory,
                           std::function<void(std::filesystem::path const&)> const& fill);

}  // namespace simulate
