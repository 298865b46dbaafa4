#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/product.hpp"

namespace almagest {

/// One object of a reference catalogue, as asked for.
struct ReferenceObject {
  std::int64_t id = 0;
  SkyPoint position;  ///< ICRS, at the epoch asked for where the catalogue has usable motions
  double position_error = std::numeric_limits<double>::quiet_NaN();  ///< per axis [rad], or NaN
  double flux = std::numeric_limits<double>::quiet_NaN();            ///< [nJy], NaN = none
  double flux_error = std::numeric_limits<double>::quiet_NaN();      ///< [nJy]
  bool operator==(ReferenceObject const&) const = default;
};

/// What is wanted of a reference catalogue.
struct ReferenceRequest {
  SkyCircle region;
  std::string band;  ///< the flux column is `<band>_flux`
  double epoch_mjd_tai = std::numeric_limits<double>::quiet_NaN();  ///< NaN: as catalogued
};

struct ReferenceObjects {
  std::vector<ReferenceObject> objects;  ///< inside the region, by rising id
  std::string note;  ///< why positions are not at the epoch asked for; empty when they are
};

/// Where the objects come from.
class ReferenceSource {
 public:
  virtual ~ReferenceSource();
  /// \throws NotFoundError when no part of the catalogue covers the region; DataError for a file
  /// that cannot be read, fluxes in another unit, or a band that it lacks (with those that it has)
  virtual ReferenceObjects load(ReferenceRequest const& request) const = 0;
  /// How the bands are called here: "g", "r", …
  virtual std::vector<std::string> bands() const = 0;
};

/// A handle on a reference catalogue, loaded by region of the sky. Copies share the source, which
/// serves many threads.
class ReferenceCatalog {
 public:
  ReferenceCatalog() = default;
  ReferenceCatalog(std::string name, std::shared_ptr<ReferenceSource const> source)
      : name_(std::move(name)), source_(std::move(source)) {}

  std::string const& name() const noexcept { return name_; }  ///< for messages
  /// \throws what ReferenceSource::load() does; ProductError for an empty handle
  ReferenceObjects load(ReferenceRequest const& request) const;
  std::vector<std::string> bands() const;

 private:
  std::string name_;
  std::shared_ptr<ReferenceSource const> source_;
};

template <>
struct ProductTraits<ReferenceCatalog> {
  static constexpr std::string_view id = "almagest.ReferenceCatalog/1";
};

}  // namespace almagest
