#pragma once

#include <filesystem>

#include "almagest/image.hpp"

namespace almagest {

/// A matrix as a text: a line of numbers for each row, apart by commas or blanks. What follows '#'
/// is a comment.
///
/// \throws NotFoundError; DataError at file:line for what is no finite number, and for rows of
///         different length
Image<double> read_number_matrix(std::filesystem::path const& path);

}  // namespace almagest
