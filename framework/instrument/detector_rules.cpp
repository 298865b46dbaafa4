#include "instrument/detector_rules.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "instrument/camera_document.hpp"
#include "instrument/csv_table.hpp"

namespace almagest {
namespace {

/// The amplifier of that name, made when there is none.
AmplifierRule& amplifier_called(DetectorRule& rule, std::string const& name) {
  auto const found = std::ranges::find(rule.amplifiers, name, &AmplifierRule::name);
  if (found != rule.amplifiers.end()) return *found;
  rule.amplifiers.push_back(rule.common);
  rule.amplifiers.back().name = name;
  return rule.amplifiers.back();
}

/// Amplifiers side by side: `names`, and as many `hdus`; the box of each is `step` columns from the
/// one before it, of the size of its data.
void read_row(ConfigValue const& value, DetectorRule& rule, Problems& problems) {
  TableReader table(value, "an entry of 'amp_row'", problems);
  std::vector<std::string> const names = table.texts("names");
  std::vector<std::string> const hdus = table.texts("hdus");
  std::vector<double> const position = table.numbers("position");
  auto const size = table.size("size");
  auto const step = table.integer("step");
  AmplifierRule common = rule.common;
  read_amplifier_keys(table, common, problems);
  table.finish();
  if (names.empty() || position.size() != 2 || !size || !step) {
    problems.add(value.where, "'amp_row' needs 'names', 'position', 'size' and 'step'");
    return;
  }
  if (!hdus.empty() && hdus.size() != names.size()) {
    problems.add(value.where, "'hdus' wants one EXTNAME for each of 'names'");
    return;
  }
  constexpr double largest = 1e6;  // far beyond any detector
  double const columns = std::abs(static_cast<double>(*step)) * static_cast<double>(names.size());
  if (std::max({std::abs(position[0]), std::abs(position[1]), columns}) > largest) {
    problems.add(value.where, "'amp_row': 'position' or 'step' is out of range");
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    AmplifierRule& amplifier = amplifier_called(rule, names[i]);
    amplifier = common;
    amplifier.name = names[i];
    if (!hdus.empty()) amplifier.hdu = hdus[i];
    int const x =
        static_cast<int>(position[0] + static_cast<double>(i) * static_cast<double>(*step));
    int const y = static_cast<int>(position[1]);
    amplifier.box = SectionRule(FitsSection{x + 1, x + size->first, y + 1, y + size->second});
  }
}

void read_amplifiers(TableReader& table, std::string const& name, DetectorRule& rule,
                     Problems& problems) {
  // Constants may stand beside the detector's own keys, for all of its amplifiers.
  std::vector<AmplifierRule*> all{&rule.common};
  for (AmplifierRule& amplifier : rule.amplifiers) all.push_back(&amplifier);
  ConfigValue const* const amplifiers = table.table("amp");
  ConfigValue const* const common = amplifiers ? amplifiers->find("default") : nullptr;
  for (AmplifierRule* amplifier : all) {
    for (char const* key : {"gain", "read_noise", "saturation", "saturation_electron", "suspect"})
      if (ConfigValue const* value = table.value(key)) {
        ConfigValue alone;
        alone.where = value->where;
        alone.set(key, *value);
        // Problems of a value are told once, not for each amplifier.
        Problems repeated;
        TableReader reader(alone, "", repeated);
        read_amplifier_keys(reader, *amplifier, amplifier == &rule.common ? problems : repeated);
      }
    if (!common) continue;
    Problems repeated;
    Problems& listener = amplifier == &rule.common ? problems : repeated;
    TableReader reader(*common, "[" + name + ".amp.default]", listener);
    read_amplifier_keys(reader, *amplifier, listener);
    reader.finish();
  }
  if (ConfigValue const* rows = table.array("amp_row"))
    for (ConfigValue const& row : rows->array()) read_row(row, rule, problems);
  if (!amplifiers) return;
  for (auto const& [amp_name, value] : amplifiers->table()) {
    if (amp_name == "default") continue;
    TableReader reader(value, "[" + name + ".amp." + amp_name + "]", problems);
    read_amplifier_keys(reader, amplifier_called(rule, amp_name), problems);
    reader.finish();
  }
}

std::optional<Point> read_pair(TableReader& table, char const* key) {
  ConfigValue const* const value = table.value(key);
  if (!value) return std::nullopt;
  std::vector<double> const pair = table.numbers(key);
  if (pair.size() == 2) return Point{pair[0], pair[1]};
  table.problem(*value, "'" + std::string(key) + "' wants [x, y]");
  return std::nullopt;
}

/// Reads a detector's table over what is known of it.
void read_detector(std::string const& name, ConfigValue const& value, DetectorRule& rule,
                   Problems& problems) {
  TableReader table(value, "[" + name + "]", problems);
  Detector& detector = rule.detector;
  detector.id = static_cast<int>(table.integer("id").value_or(detector.id));
  detector.name = table.text("name").value_or(detector.name);
  detector.type = table.text("type").value_or(detector.type);
  detector.serial = table.text("serial").value_or(detector.serial);
  detector.vendor = table.text("vendor").value_or(detector.vendor);
  if (auto const size = table.size("size")) detector.box = {0, 0, size->first, size->second};
  if (auto const pixel = table.number("pixel_um")) {
    constexpr double um_per_mm = 1000.0;
    if (!(*pixel > 0)) table.problem(*table.value("pixel_um"), "'pixel_um' must be positive");
    detector.pixel_mm = *pixel / um_per_mm;
  }
  if (auto const position = read_pair(table, "offset_mm")) detector.position_mm = *position;
  if (auto const reference = read_pair(table, "reference_pixel")) {
    detector.reference_pixel = *reference;
    rule.has_reference_pixel = true;
  }
  detector.yaw_deg = table.number("yaw_deg").value_or(detector.yaw_deg);
  if (ConfigValue const* cards = table.table("card"))
    for (auto const& [card, wanted] : cards->table()) {
      if (wanted.is_string())
        rule.cards.emplace_back(card, wanted.string());
      else
        problems.add(wanted.where, "'card' wants texts");
    }
  read_amplifiers(table, name, rule, problems);
  table.finish();
}

/// A row of a table of detectors over what is known of its kind.
class DetectorTable {
 public:
  DetectorTable(ConfigValue const& value, Problems& problems) : problems_(problems) {
    TableReader table(value, "[detectors]", problems);
    ConfigValue const* const file = table.value("table");
    ConfigValue const* const columns = table.table("columns");
    table.text("kind");
    amplifiers_ = table.table("amplifiers");
    table.finish();
    if (!file || !file->is_string()) {
      problems.add(value.where, "[detectors] needs 'table', a CSV file");
      return;
    }
    if (ConfigValue const* kind = value.find("kind"); kind && kind->is_string())
      kind_ = kind->string();
    csv_.emplace(package_file(*file));
    map_columns(columns,
                {"id", "name", "kind", "type", "serial", "vendor", "x_mm", "y_mm", "yaw_deg"});
    if (!column("id")) problems.add(file->where, "the table of detectors has no column 'id'");
  }

  bool good() const { return csv_ && column("id"); }
  std::size_t rows() const { return csv_->rows(); }
  ConfigValue const* amplifiers() const noexcept { return amplifiers_; }
  std::string kind(std::size_t row) const {
    auto const place = column("kind");
    return kind_.empty() && place ? csv_->text(row, *place) : kind_;
  }
  Where where(std::size_t row) const { return csv_->where(row); }

  void read_row(std::size_t row, Detector& detector) const {
    detector.id = csv_->integer(row, *column("id"));
    detector.name = std::to_string(detector.id);
    for (auto const& [property, place] : columns_) {
      if (property == "name") detector.name = csv_->text(row, place);
      if (property == "type") detector.type = csv_->text(row, place);
      if (property == "serial") detector.serial = csv_->text(row, place);
      if (property == "vendor") detector.vendor = csv_->text(row, place);
      if (property == "x_mm") detector.position_mm.x = finite(row, place);
      if (property == "y_mm") detector.position_mm.y = finite(row, place);
      if (property == "yaw_deg") detector.yaw_deg = finite(row, place);
    }
  }

 private:
  double finite(std::size_t row, std::size_t place) const {
    double const value = csv_->number(row, place);
    if (std::isfinite(value)) return value;
    problems_.add(csv_->where(row), "'" + csv_->columns()[place] + "' wants a finite number");
    return 0.0;
  }
  std::optional<std::size_t> column(std::string const& property) const {
    auto const found = columns_.find(property);
    return found == columns_.end() ? std::nullopt : std::optional(found->second);
  }
  /// A property's column is called as the property, unless 'columns' says otherwise.
  void map_columns(ConfigValue const* given, std::vector<std::string> const& properties) {
    if (given)
      for (auto const& [property, value] : given->table()) {
        if (std::ranges::find(properties, property) == properties.end())
          problems_.add(value.key_where, "'columns' has no property '" + property + "'" +
                                             nearest_name_hint(property, properties));
        else if (!value.is_string() || !csv_->find(value.string()))
          problems_.add(value.where, csv_->path().string() + " has no such column");
      }
    for (std::string const& property : properties) {
      ConfigValue const* const name = given ? given->find(property) : nullptr;
      auto const place = csv_->find(name && name->is_string() ? name->string() : property);
      if (place) columns_.emplace(property, *place);
    }
  }

  Problems& problems_;
  std::optional<CsvTable> csv_;
  std::map<std::string, std::size_t> columns_;
  ConfigValue const* amplifiers_ = nullptr;
  std::string kind_;
};

/// The constants of every amplifier, out of a table with a row for each.
void read_amplifier_table(ConfigValue const& value, CameraDetectors& camera, Problems& problems) {
  TableReader table(value, "[detectors.amplifiers]", problems);
  ConfigValue const* const file = table.value("table");
  std::vector<std::string> const coefficients = table.texts("linearity");
  std::vector<std::string> const further = table.texts("further");
  table.finish();
  if (!file || !file->is_string()) {
    problems.add(value.where, "[detectors.amplifiers] needs 'table', a CSV file");
    return;
  }
  CsvTable const csv(package_file(*file));
  auto const detector_column = csv.find("detector"), amplifier_column = csv.find("amplifier");
  if (!detector_column || !amplifier_column) {
    problems.add(file->where, "the table of amplifiers needs columns 'detector' and 'amplifier'");
    return;
  }
  auto const places = [&](std::vector<std::string> const& names) {
    std::vector<std::size_t> result;
    for (std::string const& name : names) {
      auto const place = csv.find(name);
      if (place)
        result.push_back(*place);
      else
        problems.add(value.where, csv.path().string() + " has no column '" + name + "'");
    }
    return result;
  };
  auto const coefficient_columns = places(coefficients), further_columns = places(further);
  if (further_columns.size() != further.size()) return;
  auto const gain = csv.find("gain"), noise = csv.find("read_noise");
  auto const saturation = csv.find("saturation"), suspect = csv.find("suspect");
  auto const electrons = csv.find("saturation_electron"), linearity = csv.find("linearity_type");

  std::map<int, Detector*> by_id;
  for (Detector& detector : camera.detectors) by_id.emplace(detector.id, &detector);
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    int const id = csv.integer(row, *detector_column);
    auto const detector = by_id.find(id);
    if (detector == by_id.end()) {
      problems.add(csv.where(row), "there is no detector " + std::to_string(id));
      continue;
    }
    auto& amplifiers = detector->second->amplifiers;
    std::string const& name = csv.text(row, *amplifier_column);
    auto const found = std::ranges::find(amplifiers, name, &Amplifier::name);
    if (found == amplifiers.end()) {
      problems.add(csv.where(row),
                   "detector " + std::to_string(id) + " has no amplifier '" + name + "'");
      continue;
    }
    Amplifier& amplifier = *found;
    if (gain) amplifier.gain = csv.number(row, *gain);
    if (!(amplifier.gain > 0)) problems.add(csv.where(row), "the gain must be positive");
    if (noise) amplifier.read_noise = csv.number(row, *noise);
    if (saturation) amplifier.saturation = csv.number(row, *saturation);
    if (electrons) amplifier.saturation = csv.number(row, *electrons) / amplifier.gain;
    if (suspect) amplifier.suspect = csv.number(row, *suspect);
    if (linearity) {
      auto const type = linearity_type(csv.text(row, *linearity));
      if (!type) problems.add(csv.where(row), "unknown type of linearity");
      amplifier.linearity.type = type.value_or(Linearity::Type::none);
      amplifier.linearity.coefficients.clear();
      for (std::size_t const place : coefficient_columns)
        if (double const c = csv.number(row, place); !std::isnan(c))
          amplifier.linearity.coefficients.push_back(c);
    }
    for (std::size_t i = 0; i < further.size(); ++i)
      amplifier.further[further[i]] = csv.number(row, further_columns[i]);
  }
}

/// The detector as it is without a file: reference pixel and amplifiers filled in.
Detector complete(DetectorRule const& rule) {
  Detector detector = rule.detector;
  if (!rule.has_reference_pixel) detector.reference_pixel = centre_of(detector.box);
  for (std::size_t i = 0; i < rule.amplifiers.size(); ++i)
    detector.amplifiers.push_back(
        amplifier_without_file(rule.amplifiers[i], rule.place_of(i)).amplifier);
  return detector;
}

/// What cannot be a CCD, told at the table that declares it.
void check_rule(DetectorRule const& rule, Where const& where, Problems& problems) {
  if (rule.amplifiers.empty()) return;
  if (rule.detector.box.empty()) {
    problems.add(where, "a detector with amplifiers needs 'size'");
    return;
  }
  try {
    for (std::size_t i = 0; i < rule.amplifiers.size(); ++i) {
      if (rule.amplifiers.size() > 1 && !rule.amplifiers[i].box.given())
        problems.add(where, "amplifier '" + rule.amplifiers[i].name +
                                "' needs 'box', its place in the assembled frame");
      amplifier_without_file(rule.amplifiers[i], rule.place_of(i));
    }
  } catch (DataError const& e) {
    problems.add(where, e.what());
  }
}

}  // namespace

AmplifierPlace DetectorRule::place_of(std::size_t amplifier) const {
  auto const& hdu = amplifiers[amplifier].hdu;
  return {detector.box, amplifiers.size() == 1,
          std::ranges::count(amplifiers, hdu, &AmplifierRule::hdu) > 1};
}

CameraDetectors read_detectors(ConfigValue const& document, Problems& problems) {
  CameraDetectors camera;
  std::size_t const before = problems.list().size();
  auto const sound = [&] { return problems.list().size() == before; };
  ConfigValue const* const tables = document.find("detector");
  ConfigValue const* const kind_tables = document.find("detector_kind");
  DetectorRule common;
  ConfigValue const* const common_table =
      tables && tables->is_table() ? tables->find("default") : nullptr;
  if (common_table) read_detector("detector.default", *common_table, common, problems);

  std::map<std::string, std::shared_ptr<DetectorRule const>> kinds;
  if (kind_tables && kind_tables->is_table())
    for (auto const& [name, value] : kind_tables->table()) {
      auto rule = std::make_shared<DetectorRule>(common);
      if (rule->detector.vendor.empty()) rule->detector.vendor = name;
      read_detector("detector_kind." + name, value, *rule, problems);
      check_rule(*rule, value.where, problems);
      camera.kinds.push_back(rule);
      kinds.emplace(name, std::move(rule));
    }
  if (!sound()) return camera;  // what follows would repeat them

  auto const add = [&](Detector detector, std::shared_ptr<DetectorRule const> rule) {
    camera.detectors.push_back(std::move(detector));
    camera.rules.push_back(std::move(rule));
  };
  auto const shared_common = std::make_shared<DetectorRule const>(common);
  std::optional<DetectorTable> table;
  if (ConfigValue const* value = document.find("detectors")) table.emplace(*value, problems);
  if (table && table->good()) {
    std::map<DetectorRule const*, Detector> completed;
    for (std::size_t row = 0; row < table->rows(); ++row) {
      std::string const kind = table->kind(row);
      auto const found = kinds.find(kind);
      if (!kind.empty() && found == kinds.end()) {
        problems.add(table->where(row), "there is no [detector_kind." + kind + "]");
        continue;
      }
      auto const& rule = kind.empty() ? shared_common : found->second;
      auto known = completed.find(rule.get());
      if (known == completed.end()) known = completed.emplace(rule.get(), complete(*rule)).first;
      Detector detector = known->second;
      table->read_row(row, detector);
      add(std::move(detector), rule);
    }
    if (table->amplifiers()) read_amplifier_table(*table->amplifiers(), camera, problems);
  }

  if (tables && tables->is_table())
    for (auto const& [name, value] : tables->table()) {
      if (name == "default") continue;
      auto const kind = value.find("kind");
      auto const found = kinds.find(kind && kind->is_string() ? kind->string() : "");
      if (kind && found == kinds.end())
        problems.add(kind->where, "there is no such [detector_kind.…]");
      auto rule = std::make_shared<DetectorRule>(found == kinds.end() ? common : *found->second);
      rule->detector.name = name;
      std::from_chars(name.data(), name.data() + name.size(), rule->detector.id);
      ConfigValue rest = value;
      rest.erase("kind");
      read_detector("detector." + name, rest, *rule, problems);
      check_rule(*rule, value.where, problems);
      if (!sound()) continue;
      Detector detector = complete(*rule);
      add(std::move(detector), std::move(rule));
    }
  if (camera.detectors.empty() && common_table && sound()) {
    check_rule(common, common_table->where, problems);
    if (sound()) add(complete(common), shared_common);
  }

  std::vector<std::size_t> order(camera.detectors.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::pair(camera.detectors[i].id, camera.detectors[i].name);
  });
  CameraDetectors sorted;
  sorted.kinds = std::move(camera.kinds);
  for (std::size_t const i : order) {
    if (!sorted.detectors.empty() && sorted.detectors.back().id == camera.detectors[i].id)
      problems.add(document.where,
                   "two detectors have the id " + std::to_string(camera.detectors[i].id));
    sorted.detectors.push_back(std::move(camera.detectors[i]));
    sorted.rules.push_back(std::move(camera.rules[i]));
  }
  return sorted;
}

}  // namespace almagest
