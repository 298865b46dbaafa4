#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "almagest/components.hpp"
#include "almagest/log.hpp"

namespace almagest {

/// Makes a repository of synthetic frames whose truth is known (`almagest simulate NAME OUT`). Its
/// parameters say what the sky and the camera are like.
class Simulator : public Component {
 public:
  ~Simulator() override;
  static constexpr std::string_view interface_name = "simulator";

  /// Writes a new repository with its raws, its registry and a truth table. The seed fixes every
  /// byte.
  ///
  /// \param repository  does not exist yet, or is an empty directory; nothing stands under this
  ///                    name unless everything was written
  /// \throws ConfigError when the parameters do not fit together or the directory is in use;
  ///         DataError when a file cannot be written
  virtual void write(std::filesystem::path const& repository, std::uint64_t seed,
                     Log& log) const = 0;
};

}  // namespace almagest
