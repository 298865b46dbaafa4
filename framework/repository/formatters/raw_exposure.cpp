#include "almagest/raw_exposure.hpp"

#include "almagest/error.hpp"
#include "almagest/instrument.hpp"
#include "repository/formatters/formatters.hpp"

namespace almagest {
namespace {

/// The camera knows how its files are laid out.
RawExposure read(std::filesystem::path const& path, Formatter::ReadRequest const& request) {
  if (!request.instrument)
    throw DataError(path.string() + ": a raw frame can only be read with its instrument");
  return request.instrument->read_raw(path, request.id);
}

}  // namespace

std::shared_ptr<Formatter const> raw_exposure_formatter() {
  return std::make_shared<FunctionFormatter<RawExposure>>("fits", &read, nullptr);
}

}  // namespace almagest
