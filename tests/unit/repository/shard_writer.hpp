#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/geometry.hpp"

namespace toy {

/// A shard of a reference catalogue, column by column.
class Shard {
 public:
  struct Object {
    std::int64_t id;
    almagest::SkyPoint position;
  };
  explicit Shard(std::vector<Object> const& objects) {
    table_.rows = static_cast<std::int64_t>(objects.size());
    almagest::fits::TableColumn ids;
    ids.name = "id";
    std::vector<std::int64_t> numbers;
    std::vector<double> ra, dec;
    for (Object const& object : objects) {
      numbers.push_back(object.id);
      ra.push_back(object.position.ra);
      dec.push_back(object.position.dec);
    }
    ids.values = std::move(numbers);
    table_.columns.push_back(std::move(ids));
    column("coord_ra", "rad", std::move(ra));
    column("coord_dec", "rad", std::move(dec));
  }

  std::optional<std::int64_t> version = 1;  ///< REFCAT_FORMAT_VERSION

  /// Adds or replaces.
  void column(std::string const& name, std::string const& unit, std::vector<double> values) {
    drop(name);
    almagest::fits::TableColumn added;
    added.name = name;
    added.unit = unit;
    added.values = std::move(values);
    table_.columns.push_back(std::move(added));
  }
  void flag(std::string const& name, std::vector<bool> const& values) {
    almagest::fits::TableColumn added;
    added.name = "flags";
    added.bits = true;
    added.bit_names = {name};
    added.values = std::vector<std::uint8_t>(values.begin(), values.end());
    table_.columns.insert(table_.columns.begin(), std::move(added));
  }
  void drop(std::string const& name) {
    std::erase_if(table_.columns, [&](auto const& column) { return column.name == name; });
  }

  /// Replaces the file.
  void write(std::filesystem::path const& path) const {
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::remove(path);
    almagest::fits::Table table = table_;
    if (version) table.header.set("REFCAT_FORMAT_VERSION", *version);
    almagest::fits::Writer writer(path);
    writer.primary({});
    writer.table("", table);
    writer.close();
  }

 private:
  almagest::fits::Table table_;
};

}  // namespace toy
