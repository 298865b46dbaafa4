#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/exposure.hpp"
#include "almagest/source_catalog.hpp"

namespace almagest {

/// Chooses the sources that are stars good enough to calibrate with: registered by name, chosen and
/// configured in TOML.
class StarSelector : public Component {
 public:
  ~StarSelector() override;
  static constexpr std::string_view interface_name = "star selector";

  /// Called once, before anything is selected: finds the columns it needs.
  /// \throws ConfigError when the catalogue lacks one
  virtual void prepare(Schema const& schema) = 0;
  /// The rows of the stars, rising. Serves many threads.
  virtual std::vector<std::size_t> select(SourceCatalog const& sources,
                                          Exposure const& exposure) const = 0;
  /// How many sources each cut removed, for the message when too few are left: "12 with … below
  /// 12500 ct, 3 with …". Empty when it cannot say.
  virtual std::string explain(SourceCatalog const& sources) const;
};

}  // namespace almagest
