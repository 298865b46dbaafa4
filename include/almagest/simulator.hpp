#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "almagest/components.hpp"
#include "almagest/instrument.hpp"
#include "almagest/log.hpp"

namespace almagest {

/// Makes synthetic frames whose truth is known (`almagest simulate NAME OUT`). Its parameters say
/// what the sky and the camera are like.
class Simulator : public Component {
 public:
  ~Simulator() override;
  static constexpr std::string_view interface_name = "simulator";

  struct Request {
    /// Does not exist yet, or is an empty directory; nothing stands under this name unless
    /// everything was written.
    std::filesystem::path directory;
    std::uint64_t seed = 1;  ///< fixes every byte
    /// The camera, for simulators of any camera (`almagest simulate hsc OUT`); else nullptr.
    Instrument const* instrument = nullptr;
  };

  /// Writes frames, what is needed to reduce them, and a truth table.
  /// \throws ConfigError when the parameters do not fit together or the directory is in use;
  ///         DataError when a file cannot be written
  virtual void write(Request const& request, Log& log) const = 0;
};

}  // namespace almagest
