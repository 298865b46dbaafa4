#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "almagest/instrument.hpp"
#include "repository/frame_registry.hpp"
#include "repository/path_template.hpp"

namespace almagest {

/// Turns what a frame's headers say into the row that the registry keeps, and the frame's place.
class ObservationRow {
 public:
  /// \param raw  template of the raw frames' paths
  ObservationRow(Instrument const& instrument, FrameStorage const& storage, PathTemplate raw)
      : instrument_(instrument), storage_(storage), raw_(std::move(raw)) {}

  /// Reads all headers of a file. Of the row's file, path and checksum are set.
  /// \throws DataError for a file that is no FITS file or not the camera's, a property that is
  /// missing or of another type than its column, or a value that may not stand in a path
  FrameRow read(std::filesystem::path const& file) const;

 private:
  std::optional<Value> property(ObservationInfo const& info, std::string const& name) const;
  std::filesystem::path place(FrameRow const& row, ObservationInfo const& info) const;

  Instrument const& instrument_;
  FrameStorage const& storage_;
  PathTemplate raw_;
};

/// A value as a column's type. \throws DataError naming the column
Value as_column(Value const& value, FrameColumn::Type type, std::string const& name);

}  // namespace almagest
