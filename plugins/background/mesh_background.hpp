#pragma once

#include <string>
#include <vector>

#include "almagest/background.hpp"
#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace background {

/// Measures the sky on a mesh of cells, fits a smooth function through it, and subtracts that.
class MeshBackground final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  Param<int> bin_size =
      Param<int>{*this, "bin_size", 128, "Size of a cell of the mesh [pixel]"}.within(8, 65536);
  Param<std::string> statistic =
      Param<std::string>{*this, "statistic", "mean_clip",
                         "What a cell's sky is: the mean after three passes of clipping at 3 "
                         "sigma"}
          .one_of({"mean_clip"});
  Param<int> order = Param<int>{*this, "order", 6,
                                "Highest order i + j of the Chebyshev series; lowered when the "
                                "mesh has too few cells"}
                         .within(0, 20);
  Param<std::string> weight =
      Param<std::string>{
          *this, "weight", "inverse_variance",
          "How much a cell counts; 'inverse_error' is what the LSST stack does (it stores the "
          "error where a variance is expected), 'inverse_variance' what least squares asks for"}
          .one_of({"uniform", "inverse_variance", "inverse_error"});
  Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "EDGE", "DETECTED", "DETECTED_NEGATIVE", "NO_DATA"},
      "Mask planes whose pixels are no sky"};
  Param<std::vector<std::string>> clear{
      *this,
      "clear",
      {"DETECTED_NEGATIVE"},
      "Mask planes emptied afterwards: holes serve to hide pixels from this fit and nothing else"};

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::MaybeIn<almagest::Background> earlier{*this, "background",
                                                  "The models subtracted so far"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "The same without this sky"};
  almagest::Out<almagest::Background> models{*this, "background",
                                             "All models so far, this one last"};

  almagest::Metric<double> sky_level{*this, "sky_level", "adu",
                                     "Mean over the frame of all models subtracted so far"};
  almagest::Metric<double> sky_step{*this, "sky_step", "adu",
                                    "Mean over the frame of this model alone"};
  almagest::Metric<double> sky_scatter{*this, "sky_scatter", "adu",
                                       "Median of the cells' clipped scatters"};
};

}  // namespace background
