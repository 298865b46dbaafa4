#include "base_algorithms.hpp"

#include "mask_bits.hpp"

namespace measurement {
using namespace almagest;

void PixelFlags::declare(Schema& schema, std::string const& prefix) {
  struct Declaration {
    char const* name;
    char const* what;
    bool centre;
    std::vector<std::string> planes;
  };
  schema.add_flag(prefix + "_flag", "The mask could not be read");
  off_image_ = schema.add_flag(prefix + "_flag_offimage", "The centroid is outside the image");
  for (Declaration const& d :
       {Declaration{"edge", "near the image's side or without data", false, {"EDGE", "NO_DATA"}},
        Declaration{"interpolated", "interpolated", true, {"INTRP"}},
        Declaration{"saturated", "saturated", true, {"SAT"}},
        Declaration{"cr", "a cosmic ray", true, {"CR"}}, Declaration{"bad", "bad", false, {"BAD"}},
        Declaration{"suspect", "suspect", true, {"SUSPECT"}}}) {
    std::string const name = prefix + "_flag_" + d.name;
    std::string const what = "is " + std::string(d.what);
    Flag flag{d.planes, schema.add_flag(name, "A pixel of the footprint " + what), {}};
    if (d.centre)
      flag.centre = schema.add_flag(name + "Center", "A pixel of the centre's 3 x 3 " + what);
    flags_.push_back(std::move(flag));
  }
}

void PixelFlags::measure(SourceRecord& source) const {
  Mask const& mask = source.exposure.mask();
  Pixel const centre = nearest_pixel(source.centroid);
  MaskPixel const anywhere = bits_in(mask, source.footprint);
  MaskPixel const central = bits_in(mask, Box{centre.x - 1, centre.y - 1, 3, 3});
  source.set(off_image_, !mask.bbox().contains(centre));
  for (Flag const& flag : flags_) {
    MaskPixel bits = 0;
    for (std::string const& plane : flag.planes)
      if (mask.has(plane)) bits |= mask.bit(plane);
    source.set(flag.anywhere, (anywhere & bits) != 0);
    if (flag.centre.valid()) source.set(flag.centre, (central & bits) != 0);
  }
}

}  // namespace measurement
