#pragma once

#include <almagest/exposure.hpp>
#include <almagest/formatter.hpp>
#include <almagest/task.hpp>
#include <memory>
#include <vector>

namespace sky_levels {

/// The median of a frame's pixels: a product type of this plugin's own, with its own file format.
struct SkyLevel {
  double level_adu = 0.0;
};

/// The levels of several frames.
struct SkyTable {
  struct Row {
    almagest::DataId id;
    double level_adu = 0.0;
  };
  std::vector<Row> rows;
};

}  // namespace sky_levels

template <>
struct almagest::ProductTraits<sky_levels::SkyLevel> {
  static constexpr std::string_view id = "sky_levels.SkyLevel/1";
};
template <>
struct almagest::ProductTraits<sky_levels::SkyTable> {
  static constexpr std::string_view id = "sky_levels.SkyTable/1";
};

namespace sky_levels {

std::shared_ptr<almagest::Formatter const> sky_level_formatter();
std::shared_ptr<almagest::Formatter const> sky_table_formatter();

/// Takes the median of an exposure.
class Level final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<double> offset =
      almagest::Param<double>{*this, "offset", 0.0, "Added to the level [adu]"}.within(-1e6, 1e6);
  almagest::In<almagest::Exposure> exposure{*this, "exposure"};
  almagest::Out<SkyLevel> level{*this, "sky_level"};
};

/// Gathers the levels of a group.
class Table final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::GatherIn<SkyLevel> levels{*this, "sky_level"};
  almagest::Out<SkyTable> table{*this, "sky_table"};
};

/// Reads a level back from the repository and doubles it.
class Doubled final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<SkyLevel> level{*this, "sky_level"};
  almagest::Out<SkyLevel> doubled{*this, "doubled_level"};
};

}  // namespace sky_levels
