#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "almagest/detector.hpp"
#include "almagest/mask.hpp"

#include "assembly.hpp"
#include "row_steps.hpp"

namespace isr {

enum class VarianceMode { replace, add };

/// Arithmetic on a frame in one pass over its memory.
///
/// Steps are added in their order, then run() does them. Masks are combined by the planes' names.
/// A calibration's mask and variance may be empty: nothing is flagged, it is certain. What is given
/// must outlive the pass.
class PixelPass {
 public:
  /// \param detector  tells which pixels are of which amplifier
  PixelPass(almagest::MaskedImage& frame, almagest::Detector const& detector);

  /// Takes the pixels from a raw frame instead of finding them in the frame, whose pixels need not
  /// have values. Pixels of no amplifier become 0 and NO_DATA. The first step, if at all.
  void assemble(Assembly const& assembly);
  /// I −= scale·C; V += scale²·V_C.
  /// \param name  for messages: "dark"
  /// \throws DataError when the sizes differ
  void subtract(almagest::MaskedImage const& calibration, double scale, std::string const& name);
  /// V = I/g + (rn/g)² with each amplifier's gain and read noise, or V += that. BAD where V is not
  /// positive, and where no gain is known.
  /// \throws DataError when the detector has no amplifiers
  void set_variance(VarianceMode mode);
  /// I/f and (V f² + I² V_f)/f⁴; BAD, and no change, where f is not above 0 and finite.
  void divide(almagest::MaskedImage const& flat);

  /// Does all steps on rows first … end − 1 (array indices). Different rows may be done by
  /// different threads at once.
  void run(int first, int end) const;

 private:
  struct Step {
    RowStep::Kind kind;
    almagest::MaskedImage const* calibration = nullptr;
    float scale = 1.0F;
    bool with_variance = false;           ///< the calibration has one, and it is not replaced later
    almagest::MaskPixel same_planes = 0;  ///< of its mask: on the same bits as here
    std::vector<std::pair<almagest::MaskPixel, almagest::MaskPixel>> moved_planes{};
  };
  /// Pixels of a row that belong to one amplifier, or to none.
  struct Stretch {
    int first, end;
    int amplifier;  ///< number, or −1
  };
  Step with(RowStep::Kind kind, almagest::MaskedImage const& calibration, std::string const& name);
  void find_stretches(int y, std::vector<Stretch>& stretches) const;
  void run_stretch(Stretch const& stretch, int y, std::vector<RowStep>& row_steps) const;
  void set_row(Step const& step, Stretch const& stretch, int y, RowStep& row) const;
  void combine_moved_planes(int y) const;

  almagest::MaskedImage* frame_;
  almagest::Detector const* detector_;
  Assembly const* assembly_ = nullptr;
  almagest::MaskPixel bad_, no_data_;
  float *image_, *variance_;
  almagest::MaskPixel* mask_ = nullptr;
  std::vector<Step> steps_;
};

}  // namespace isr
