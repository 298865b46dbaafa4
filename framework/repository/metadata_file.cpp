#include "repository/metadata_file.hpp"

#include "almagest/config_value.hpp"

namespace almagest {
namespace {

/// `key = value`, with the key quoted where TOML wants it.
std::string assignment(std::string const& key, ConfigValue value) {
  ConfigValue table;
  table.set(key, std::move(value));
  std::string const text = to_toml(table);  // `{ key = value }`
  return text.substr(2, text.size() - 4);
}

}  // namespace

std::string metadata_text(DataId const& id,
                          std::map<std::string, std::vector<MetricRow>> const& metrics) {
  ConfigValue names;
  for (auto const& [key, value] : id.items())
    names.set(key, std::visit([](auto const& v) { return ConfigValue(v); }, value));
  std::string text = "# What each step measured of itself.\n";
  text += assignment("data_id", names) + '\n';
  for (auto const& [step, rows] : metrics) {
    if (rows.empty()) continue;
    std::string const quoted = assignment(step, 0);
    text += "\n[task." + quoted.substr(0, quoted.size() - 4) + "]\n";  // without ` = 0`
    for (MetricRow const& row : rows)
      text += assignment(row.name, std::visit([](auto v) { return ConfigValue(v); }, row.value)) +
              (row.unit.empty() ? "" : "  # " + row.unit) + '\n';
  }
  return text;
}

}  // namespace almagest
