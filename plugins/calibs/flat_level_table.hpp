#pragma once

#include <memory>
#include <string>
#include <vector>

#include "almagest/data_id.hpp"
#include "almagest/formatter.hpp"
#include "almagest/product.hpp"

namespace calibs {

/// By what each flat is to be divided, so that flats of all detectors and exposures are of one
/// scale.
struct FlatLevelTable {
  struct Row {
    std::string id;         ///< the frame's data ID, as DataId::str() has it
    double level = 0.0;     ///< mean of the frame [unit of the image]
    double exposure = 0.0;  ///< E_e: divide the frame by this [unit of the image]
    double detector = 0.0;  ///< G_d: the mean of the frame that comes out; 1 over all detectors
    bool operator==(Row const&) const = default;
  };
  std::vector<Row> rows;

  /// \returns nullptr when the frame is not in the table
  Row const* find(almagest::DataId const& id) const;
};

/// Comma-separated values with a line of names; numbers come back to the last bit.
std::shared_ptr<almagest::Formatter const> flat_level_formatter();

}  // namespace calibs

template <>
struct almagest::ProductTraits<calibs::FlatLevelTable> {
  static constexpr std::string_view id = "calibs.FlatLevelTable/1";
};
