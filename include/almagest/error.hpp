#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace almagest {

/// A place in a text file: what error messages print as `file:line:column`.
struct Where {
  std::string file;
  unsigned line = 0;    ///< 1-based; 0 = the file as a whole
  unsigned column = 0;  ///< 1-based

  bool known() const noexcept { return !file.empty(); }
  std::string str() const;
};

/// Root of every exception that Almagest throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// A pipeline, parameter or command line that cannot be carried out (exit code 2).
class ConfigError : public Error {
 public:
  explicit ConfigError(std::string const& what);
  ConfigError(Where const& where, std::string const& what);
  ~ConfigError() override;
};

/// Input data that cannot be used: a broken file, a missing card, a value out of its range.
class DataError : public Error {
 public:
  using Error::Error;
  ~DataError() override;
};

/// A dataset or file that does not exist; the message names the path or the data ID.
class NotFoundError : public DataError {
 public:
  using DataError::DataError;
  ~NotFoundError() override;
};

/// A product of another type than the one asked for.
class ProductError : public Error {
 public:
  using Error::Error;
  ~ProductError() override;
};

/// A measurement that has no meaningful result for this source.
class MeasurementError : public Error {
 public:
  using Error::Error;
  ~MeasurementError() override;
};

/// A feature that is designed but not built: the message is "not implemented: NAME".
class NotImplementedError : public Error {
 public:
  explicit NotImplementedError(std::string_view feature);
  ~NotImplementedError() override;
};

}  // namespace almagest
