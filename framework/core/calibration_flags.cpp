#include "almagest/calibration_flags.hpp"

#include <string>

namespace almagest {

Key<bool> CalibrationFlag::in(Schema& schema) const {
  Key<bool> const present = schema.find_key<bool>(name);
  return present.valid() ? present : schema.add_flag(std::string(name), std::string(doc));
}

}  // namespace almagest
