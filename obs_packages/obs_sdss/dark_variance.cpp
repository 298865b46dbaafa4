#include "dark_variance.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "almagest/configurable.hpp"
#include "almagest/error.hpp"

namespace obs_sdss {

using namespace almagest;

namespace {

constexpr int columns = 6;

/// "u1" to "z6".
std::vector<std::string> names_of_ccds(Instrument const& camera) {
  std::vector<std::string> names;
  for (DataIdKey const& key : camera.keys())
    if (key.name == "filter")
      for (std::string const& filter : key.values)
        for (int column = 1; column <= columns; ++column)
          names.push_back(filter + std::to_string(column));
  return names;
}

/// A finite number that is not negative.
template <class T>
bool read_amount(ConfigValue const& value, T& amount) {
  return ConfigTraits<T>::read(value, amount) && amount >= T{} &&
         std::isfinite(static_cast<double>(amount));
}

}  // namespace

DarkVariances::DarkVariances(Instrument const& camera) {
  ConfigValue const* const table = camera.constants().find("dark_variance");
  if (!table) return;
  std::string const place = " in [constants.dark_variance] of camera '" + camera.name() + "'";
  std::vector<std::string> known = names_of_ccds(camera);
  known.push_back("after_run");
  Problems problems;
  if (!table->find("after_run"))
    problems.add(table->where,
                 "no 'after_run'" + place + ": the last run of the CCDs as they were");
  for (auto const& [name, value] : table->table()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      problems.add(value.key_where, "'" + name + "'" + place +
                                        " is neither 'after_run' nor a CCD, filter and column" +
                                        nearest_name_hint(name, known));
    } else if (name == "after_run") {
      if (!read_amount(value, after_run_))
        problems.add(value.where, "'after_run'" + place + " is to be the number of a run");
    } else if (!read_amount(value, by_ccd_[name])) {
      problems.add(value.where,
                   "'" + name + "'" + place + " is to be a variance in adu^2, 0 or more");
    }
  }
  problems.raise();
}

double DarkVariances::of(DataId const& frame, double otherwise) const {
  if (frame.integer("run") <= after_run_) return otherwise;
  auto const changed = by_ccd_.find(frame.text("filter") + std::to_string(frame.integer("camcol")));
  return changed == by_ccd_.end() ? otherwise : changed->second;
}

}  // namespace obs_sdss
