#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/source_catalog.hpp"

namespace almagest {

/// One source while it is measured: its row, its footprint, the exposure, and what earlier
/// algorithms found.
///
/// In the exposure's image every other source is replaced by noise, so that what is measured is the
/// source alone.
struct SourceRecord {
  SourceCatalog& catalog;
  std::size_t row;
  Footprint const& footprint;
  Exposure const& exposure;
  Point centroid;  ///< parent frame; starts at the brightest peak, set by the centroid algorithm
  bool centroid_bad = false;  ///< the centroid algorithm failed, `centroid` is the peak

  template <class T>
  void set(Key<T> key, T value) {
    catalog.set(row, key, std::move(value));
  }
  template <class T>
  T get(Key<T> key) const {
    return catalog.get(row, key);
  }
};

/// Measures one quantity of a source: registered by name, chosen and configured in TOML.
///
/// declare() is called once, in the order of the list, and keeps the keys; measure() serves many
/// threads.
class MeasurementAlgorithm : public Component {
 public:
  static constexpr std::string_view interface_name = "measurement algorithm";
  ~MeasurementAlgorithm() override;

  /// Adds the algorithm's columns; their names begin with `prefix`, the name it is used under
  /// ("base_PsfFlux").
  virtual void declare(Schema& schema, std::string const& prefix) = 0;
  /// What it leaves for those after it where one of several algorithms may serve: "centroid" for
  /// one that sets SourceRecord::centroid. Nothing for most.
  virtual std::string gives() const { return {}; }
  /// Algorithms by name, or what they give, without which this one measures nothing sensible; they
  /// must stand before it in the list.
  virtual std::vector<std::string> needs() const { return {}; }
  /// \throws MeasurementError sets the columns to NaN and the flag named `<prefix>_flag`
  virtual void measure(SourceRecord& source) const = 0;
  /// Called once more for each child, with its parent's whole light in the image, after all of the
  /// family have been measured: for what tells how much the neighbours matter.
  virtual void measure_in_family(SourceRecord& child) const;
};

}  // namespace almagest
