#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/picture.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Makes a small grey picture of a frame.
class Thumbnail final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  Param<int> bin =
      Param<int>{*this, "bin", 4, "Pixels along a side that make one of the picture"}.within(1,
                                                                                             1000);
  Param<double> sigmas =
      Param<double>{*this, "sigmas", 3.0, "Black is so many sigmas of the sky below its median"}
          .within(0.0, 1000.0);
  Param<double> range =
      Param<double>{*this, "range", 5.0,
                    "Range of the asinh map; a tenth of it is shown linearly [count]"}
          .within(1e-6, 1e12);
  Param<double> q =
      Param<double>{*this, "q", 20.0, "The larger, the earlier the map becomes logarithmic"}.within(
          1e-3, 1e6);
  Param<int> saturated_border =
      Param<int>{*this, "saturated_border", 2,
                 "Saturated regions are as bright as the brightest pixel so near to them "
                 "[pixel of the picture]"}
          .within(1, 100);
  Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"SAT", "BAD", "INTRP", "NO_DATA"},
      "Mask planes, as far as the mask has them, that are no sky"};
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Picture> output{*this, "thumbnail"};
};

}  // namespace isr
