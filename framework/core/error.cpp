#include "almagest/error.hpp"

namespace almagest {

std::string Where::str() const {
  if (line == 0) return file;
  std::string const place = file + ":" + std::to_string(line);
  return column == 0 ? place : place + ":" + std::to_string(column);
}

Error::~Error() = default;

ConfigError::ConfigError(std::string const& what) : Error(what) {}
ConfigError::ConfigError(Where const& where, std::string const& what)
    : Error(where.known() ? where.str() + ": " + what : what) {}
ConfigError::~ConfigError() = default;

DataError::~DataError() = default;
NotFoundError::~NotFoundError() = default;
ProductError::~ProductError() = default;
MeasurementError::~MeasurementError() = default;

NotImplementedError::NotImplementedError(std::string_view feature)
    : Error("not implemented: " + std::string(feature)) {}
NotImplementedError::~NotImplementedError() = default;

}  // namespace almagest
