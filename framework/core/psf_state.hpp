#pragma once

#include <string_view>

#include "almagest/psf.hpp"

namespace almagest {

/// Checked access to a PSF's stored arrays. Every function throws DataError that names the PSF type
/// and the array when it is absent or has another shape.
class PsfStateReader {
 public:
  /// \throws DataError when the state is of another type
  PsfStateReader(PsfState const& state, std::string_view type);

  /// An array with this many dimensions, whose values fill its shape.
  PsfState::Array const& array(std::string_view name, std::size_t dimensions) const;
  double scalar(std::string_view name) const;
  /// A scalar that is a whole number.
  int integer(std::string_view name) const;

 private:
  PsfState const& state_;
};

}  // namespace almagest
