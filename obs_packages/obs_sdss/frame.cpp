#include "frame.hpp"

#include "almagest/fits.hpp"

namespace obs_sdss {

Frame read_frame(std::filesystem::path const& path, almagest::Formatter::ReadRequest const&) {
  almagest::fits::Reader reader(path);
  return {reader.image<std::uint16_t>(0), reader.header(0)};
}

}  // namespace obs_sdss
