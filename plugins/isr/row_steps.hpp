#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>

#include "almagest/mask.hpp"

/// Arithmetic on a stretch of a row: eight pixels go through all steps while they are in registers.
namespace isr {

/// One step on image I, variance V and mask of some pixels.
struct RowStep {
  enum class Kind {
    subtract,          ///< I −= scale·C; V += scale²·V_C
    replace_variance,  ///< V = I/g + (rn/g)²; `bad` where V is not above 0
    add_variance,      ///< V += I/g + (rn/g)²; the same
    no_variance,       ///< V = 0 and `bad`: the gain is not known
    /// I/f, (V f² + I² V_f)/f⁴; where f is not above 0 and finite the pixel stays and is `bad`
    divide
  };
  Kind kind;
  // Of subtract and divide: the calibration's pixels. The mask's bits of `planes` are set.
  float const* image = nullptr;
  float const* variance = nullptr;            ///< nullptr = 0
  almagest::MaskPixel const* mask = nullptr;  ///< nullptr = 0
  almagest::MaskPixel planes = 0;
  float scale = 1.0F;
  // Of the variance.
  float gain = 1.0F;           ///< [electron/unit of the image], above 0
  float read_variance = 0.0F;  ///< (rn/g)² [unit of the image, squared]
};

/// Where pixels come from that are not in the frame yet: I = (raw − level)·factor, V = 0.
struct RowSource {
  float const* raw = nullptr;  ///< as many as the stretch has
  bool reversed = false;       ///< the last one is the first pixel
  float level = 0.0F;
  float factor = 1.0F;
  /// Bits that are set where raw is at least a limit, and everywhere.
  struct Limit {
    float level = std::numeric_limits<float>::infinity();
    almagest::MaskPixel bit = 0;
  };
  std::array<Limit, 2> limits;
  almagest::MaskPixel always = 0;
};

struct RowPixels {
  std::span<float> image, variance;
  std::span<almagest::MaskPixel> mask;
};

/// Does the steps in their order. \param source  nullptr: the pixels are there already
void run_steps(RowSource const* source, std::span<RowStep const> steps, almagest::MaskPixel bad,
               RowPixels const& pixels);

}  // namespace isr
