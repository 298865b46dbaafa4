#pragma once

#include <string>
#include <vector>

namespace measurement {

/// "a, b, c"
inline std::string joined(std::vector<std::string> const& names) {
  std::string text;
  for (std::string const& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace measurement
