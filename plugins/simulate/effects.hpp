#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simulate {

/// What happens to light and charge on their way to a raw file; each can be left out by name.
enum class Effect : std::uint8_t {
  noise,            ///< of the photons and the dark current
  sky_gradient,     ///< the sky is brighter on one side
  vignetting,       ///< less light off axis
  pixel_area,       ///< pixels see different pieces of sky: the optics' distortion
  prnu,             ///< pixels' and amplifiers' responses differ
  fringe,           ///< of the sky's lines in red filters
  dark,             ///< current
  hot_pixels,       ///< pixels with much of it
  cosmic_rays,      ///<
  brighter_fatter,  ///< charge pushes charge away
  saturation,       ///< full wells overflow along the columns
  defects,          ///< dead and hot columns
  cti,              ///< charge left behind in serial transfers
  deferred_charge,  ///< the output amplifier remembers
  crosstalk,        ///<
  nonlinearity,     ///<
  read_noise,       ///<
  bias_structure,   ///< columns' and frames' offsets
  overscan_drift,   ///< of the bias along the rows
  pointing_error    ///< the telescope is not quite where the header says
};

/// A set of effects.
class Effects {
 public:
  bool has(Effect effect) const noexcept { return (bits_ >> static_cast<unsigned>(effect)) & 1U; }
  void set(Effect effect, bool on = true) noexcept {
    std::uint32_t const bit = std::uint32_t{1} << static_cast<unsigned>(effect);
    bits_ = on ? bits_ | bit : bits_ & ~bit;
  }

 private:
  std::uint32_t bits_ = 0;
};

/// All names, in the order of the enumeration.
std::vector<std::string> effect_names();
/// \throws ConfigError that lists the names
Effect effect_of_name(std::string_view name);

}  // namespace simulate
