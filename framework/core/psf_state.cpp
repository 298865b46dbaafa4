#include "psf_state.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "almagest/error.hpp"

namespace almagest {

PsfStateReader::PsfStateReader(PsfState const& state, std::string_view type) : state_(state) {
  if (state.type != type) {
    throw DataError(fmt::format("stored PSF: expected type '{}', got '{}'", type, state.type));
  }
}

PsfState::Array const& PsfStateReader::array(std::string_view name, std::size_t dimensions) const {
  auto const found = state_.arrays.find(std::string(name));
  if (found == state_.arrays.end()) {
    throw DataError(
        fmt::format("stored PSF of type '{}': array '{}' is missing", state_.type, name));
  }
  PsfState::Array const& array = found->second;
  std::size_t size = 1;
  std::string shape;
  bool valid = array.shape.size() == dimensions;
  for (int const extent : array.shape) {
    valid = valid && extent > 0;
    size *= static_cast<std::size_t>(std::max(extent, 0));
    shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
  }
  if (!valid || size != array.values.size()) {
    throw DataError(fmt::format(
        "stored PSF of type '{}': array '{}' has shape ({}) and {} values; expected {} dimensions",
        state_.type, name, shape, array.values.size(), dimensions));
  }
  return array;
}

double PsfStateReader::scalar(std::string_view name) const {
  PsfState::Array const& found = array(name, 1);
  if (found.values.size() != 1) {
    throw DataError(fmt::format("stored PSF of type '{}': '{}' has {} values, expected one",
                                state_.type, name, found.values.size()));
  }
  return found.values.front();
}

int PsfStateReader::integer(std::string_view name) const {
  double const value = scalar(name);
  if (value != std::floor(value) || std::abs(value) > std::numeric_limits<int>::max()) {
    throw DataError(fmt::format("stored PSF of type '{}': '{}' is {}, not a whole number",
                                state_.type, name, value));
  }
  return static_cast<int>(value);
}

}  // namespace almagest
