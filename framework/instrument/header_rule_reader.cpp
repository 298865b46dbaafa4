#include "instrument/header_rule_reader.hpp"

#include <algorithm>

#include "instrument/camera_document.hpp"
#include "instrument/csv_table.hpp"
#include "instrument/header_cards.hpp"
#include "instrument/table_reader.hpp"

namespace almagest {
namespace {

/// Reads one rule; what it finds wrong goes to the problems, and the rule stays half-read.
class RuleReader {
 public:
  explicit RuleReader(Problems& problems) : problems_(problems) {}

  HeaderRule read(ConfigValue const& value, std::string const& name) {
    HeaderRule rule;
    rule.where = value.where;
    if (value.is_table()) {
      TableReader table(value, name, problems_);
      read_source(table, name, rule);
      read_modifiers(table, rule);
      table.finish();
    } else if (auto constant = read_value(value, problems_)) {
      rule.from = source::Constant{*std::move(constant)};
    }
    for (std::string const& used : rule.names)
      if (is_property(used)) rule.needed.push_back(used);
    return rule;
  }

 private:
  void read_source(TableReader& table, std::string const& name, HeaderRule& rule) {
    ConfigValue const& whole = table.whole();
    source_ = nullptr;
    std::vector<std::string> given;
    for (char const* kind : {"key", "join", "pair", "table", "time", "cases"})
      if (table.value(kind)) given.emplace_back(kind);
    // `expr` and `format` stand for themselves, or work on what a source gives.
    bool const alone = given.empty();
    if (alone && whole.find("expr")) given.emplace_back("expr");
    if (alone && whole.find("format")) given.emplace_back("format");
    if (given.size() != 1) {
      problems_.add(whole.where,
                    name + (given.empty() ? " has no source: want key, format, expr, "
                                            "join, pair, table, time or cases"
                                          : " has both '" + given[0] + "' and '" + given[1] + "'"));
      return;
    }
    std::string const& kind = given[0];
    if (kind == "key") rule.from = source::Names{names(table, "key", rule)};
    if (kind == "join") rule.from = read_join(table, rule);
    if (kind == "pair") rule.from = read_pair(table);
    if (kind == "table") rule.from = read_cell(table, rule);
    if (kind == "time") rule.from = read_time(table, rule);
    if (kind == "cases") rule.from = read_cases(table, name, rule);
    if (kind == "format") rule.from = text_template(*(source_ = table.value("format")), rule);
    if (kind == "expr")
      if (auto expression = formula(*(source_ = table.value("expr")), 0, rule))
        rule.from = *std::move(expression);
  }

  std::vector<std::string> names(TableReader& table, char const* key, HeaderRule& rule) {
    ConfigValue const* value = table.value(key);
    std::vector<std::string> result;
    auto const add = [&](ConfigValue const& entry) {
      if (entry.is_string() && !is_blank(entry.string()))
        result.push_back(entry.string());
      else
        problems_.add(entry.where, std::string("'") + key + "' wants a name or a list of names");
    };
    if (value->is_array())
      std::ranges::for_each(value->array(), add);
    else
      add(*value);
    if (value->is_array() && value->array().empty())
      problems_.add(value->where, std::string("'") + key + "' is an empty list");
    use(result, rule);
    return result;
  }

  source::Join read_join(TableReader& table, HeaderRule& rule) {
    source::Join join;
    join.names = names(table, "join", rule);
    join.separator = table.text("sep").value_or("");
    join.drop_trailing = table.text("drop_trailing").value_or("");
    return join;
  }

  source::Pair read_pair(TableReader& table) {
    return {table.required_text("pair"), table.required_text("equals"),
            table.required_text("take")};
  }

  source::TableCell read_cell(TableReader& table, HeaderRule& rule) {
    source::TableCell cell;
    std::string const file = table.required_text("table");
    std::string const index = table.required_text("index");
    std::string const column = table.required_text("column");
    if (ConfigValue const* lookup = table.value("lookup"))
      cell.lookup = text_template(*lookup, rule);
    else
      problems_.add(table.whole().where, "'table' needs 'lookup', a text with {NAME}");
    if (file.empty() || index.empty() || column.empty()) return cell;
    ConfigValue const& where = *table.value("table");
    try {
      read_cells(CsvTable(package_file(where)), index, column, where, cell);
    } catch (Error const& e) {
      problems_.add(where.where, e.what());
    }
    return cell;
  }

  void read_cells(CsvTable const& csv, std::string const& index, std::string const& column,
                  ConfigValue const& where, source::TableCell& cell) {
    auto const from = csv.find(index), to = csv.find(column);
    for (auto const& [name, found] : {std::pair(index, from), std::pair(column, to)})
      if (!found)
        problems_.add(where.where, "'" + where.string() + "' has no column '" + name + "'" +
                                       nearest_name_hint(name, csv.columns()));
    if (!from || !to) return;
    for (std::size_t row = 0; row < csv.rows(); ++row) {
      std::string const& key = csv.text(row, *from);
      if (!key.empty() && !cell.cells.try_emplace(key, csv.text(row, *to)).second)
        problems_.add(csv.where(row), "'" + key + "' stands twice in column '" + index + "'");
    }
  }

  source::Time read_time(TableReader& table, HeaderRule& rule) {
    source::Time time;
    for (ConfigValue const* list = table.value("time"); list; list = nullptr) {
      std::vector<ConfigValue> const entries =
          list->is_array() ? list->array() : std::vector<ConfigValue>{*list};
      if (entries.empty()) problems_.add(list->where, "'time' is an empty list");
      for (ConfigValue const& entry : entries) {
        source::Time::Text text;
        if (!entry.is_string())
          problems_.add(entry.where, "'time' wants names, or texts with {NAME}");
        else if (entry.string().find('{') != std::string::npos)
          text.text = text_template(entry, rule);
        else
          use({text.name = entry.string()}, rule);
        time.texts.push_back(std::move(text));
      }
    }
    std::string const scale = table.required_text("timescale");
    if (auto const known = time_scale(scale))
      time.scale = *known;
    else if (!scale.empty())
      problems_.add(table.value("timescale")->where,
                    "'timescale' must be 'tai', 'utc' or 'tt', got '" + scale + "'");
    if (ConfigValue const* bound = table.value("not_before")) {
      if (is_formula(*bound))
        time.not_before = formula(*bound, 1, rule);
      else
        problems_.add(bound->where, "'not_before' wants an expression: \"=…\", MJD in TAI");
    }
    return time;
  }

  source::Cases read_cases(TableReader& table, std::string const& name, HeaderRule& rule) {
    source::Cases cases;
    if (ConfigValue const* list = table.array("cases"))
      for (ConfigValue const& entry : list->array()) {
        cases.rules.push_back(read(entry, "a case of " + name));
        auto const& needed = cases.rules.back().needed;
        rule.needed.insert(rule.needed.end(), needed.begin(), needed.end());
      }
    return cases;
  }

  void read_modifiers(TableReader& table, HeaderRule& rule) {
    if (ConfigValue const* gate = table.value("where")) rule.gate = formula(*gate, 0, rule);
    if (ConfigValue const* pattern = table.value("re"))
      rule.pattern = read_regex(*pattern, problems_);
    ConfigValue const* const computed = table.value("expr");
    ConfigValue const* const format = table.value("format");
    if (computed && computed != source_) rule.computed = formula(*computed, 0, rule);
    if (format && format != source_) rule.format = text_template(*format, rule);
    if (rule.computed && rule.format)
      problems_.add(table.whole().where, "'expr' and 'format' exclude each other");
    read_text_modifiers(table, rule);
    read_number_modifiers(table, rule);
    read_default(table, rule);
  }

  void read_text_modifiers(TableReader& table, HeaderRule& rule) {
    if (ConfigValue const* trim = table.value("trim")) {
      if (auto const* flag = std::get_if<bool>(&trim->data))
        rule.trim = *flag;
      else
        problems_.add(trim->where, "'trim' must be true or false");
    }
    if (auto const letters = table.text("case")) {
      if (*letters != "lower" && *letters != "upper")
        problems_.add(table.value("case")->where, "'case' must be 'lower' or 'upper'");
      rule.letters = *letters == "lower" ? HeaderRule::Case::lower : HeaderRule::Case::upper;
    }
    if (ConfigValue const* list = table.array("sub"))
      for (ConfigValue const& entry : list->array()) {
        bool const sound = entry.is_array() && entry.array().size() == 2 &&
                           entry.array()[0].is_string() && entry.array()[1].is_string();
        if (!sound)
          problems_.add(entry.where, "'sub' wants pairs [regular expression, replacement]");
        else if (auto pattern = read_regex(entry.array()[0], problems_))
          rule.substitutions.emplace_back(*std::move(pattern), entry.array()[1].string());
      }
    if (ConfigValue const* map = table.table("map"))
      for (auto const& [from, to] : map->table())
        if (auto value = read_value(to, problems_)) rule.map.emplace(from, *std::move(value));
    if (ConfigValue const* other = table.value("other")) {
      rule.other = read_value(*other, problems_);
      if (!table.value("map")) problems_.add(other->key_where, "'other' goes with 'map'");
    }
  }

  void read_number_modifiers(TableReader& table, HeaderRule& rule) {
    rule.scale = table.number("scale");
    rule.offset = table.number("offset");
    rule.modulus = table.number("mod");
    if (rule.modulus && !(*rule.modulus > 0.0))
      problems_.add(table.value("mod")->where, "'mod' must be positive");
    if (auto const type = table.text("type")) {
      rule.type = value_type(*type);
      if (!rule.type)
        problems_.add(table.value("type")->where,
                      "'type' must be 'int', 'float', 'str' or 'bool', got '" + *type + "'");
    }
    if (auto const name = table.text("unit")) {
      rule.unit = unit(*name);
      if (!rule.unit)
        problems_.add(table.value("unit")->where,
                      "there is no unit '" + *name + "'; want one of " + unit_names());
    }
  }

  void read_default(TableReader& table, HeaderRule& rule) {
    ConfigValue const* value = table.value("default");
    if (!value) return;
    if (is_formula(*value)) {
      rule.default_expression = formula(*value, 1, rule);
      return;
    }
    rule.default_value = read_value(*value, problems_);
    if (!rule.default_value) return;
    try {
      if (rule.type) rule.default_value = to_type(*rule.default_value, *rule.type);
      if (rule.unit) rule.default_value = to_type(*rule.default_value, ValueType::real);
    } catch (DataError const& e) {
      problems_.add(value->where, std::string("'default': ") + e.what());
    }
  }

  void use(std::vector<std::string> const& names, HeaderRule& rule) {
    for (std::string const& name : names)
      if (!is_capture(name) && std::ranges::find(rule.names, name) == rule.names.end())
        rule.names.push_back(name);
  }

  std::optional<Expression> formula(ConfigValue const& value, std::size_t skip, HeaderRule& rule) {
    auto expression = read_expression(value, skip, problems_);
    if (expression) use(expression->names(), rule);
    return expression;
  }

  TextTemplate text_template(ConfigValue const& value, HeaderRule& rule) {
    TextTemplate result = TextTemplate::parse(value, problems_);
    use(result.names(), rule);
    return result;
  }

  Problems& problems_;
  ConfigValue const* source_ = nullptr;  ///< the `expr` or `format` that is the rule's source
};

}  // namespace

HeaderRule read_header_rule(ConfigValue const& value, std::string const& name, Problems& problems) {
  return RuleReader(problems).read(value, name);
}

std::optional<std::regex> read_regex(ConfigValue const& value, Problems& problems, bool any_case) {
  if (!value.is_string()) {
    problems.add(value.where, std::string("wants a regular expression, got ") + value.type_name());
    return std::nullopt;
  }
  auto flags = std::regex::ECMAScript | std::regex::optimize;
  if (any_case) flags |= std::regex::icase;
  try {
    return std::regex(value.string(), flags);
  } catch (std::regex_error const&) {
    problems.add(value.where, "'" + value.string() + "' is no regular expression");
    return std::nullopt;
  }
}

std::optional<Expression> read_expression(ConfigValue const& value, std::size_t skip,
                                          Problems& problems) {
  if (!value.is_string()) {
    problems.add(value.where, std::string("wants an expression, got ") + value.type_name());
    return std::nullopt;
  }
  Where where = value.where;
  where.column += static_cast<unsigned>(1 + skip);
  try {
    return Expression::parse(std::string_view(value.string()).substr(skip), where);
  } catch (ConfigError const& e) {
    problems.add({}, e.what());
    return std::nullopt;
  }
}

std::optional<Value> read_value(ConfigValue const& value, Problems& problems) {
  if (auto const* flag = std::get_if<bool>(&value.data)) return *flag;
  if (auto const* whole = std::get_if<std::int64_t>(&value.data)) return *whole;
  if (auto const* real = std::get_if<double>(&value.data)) return *real;
  if (value.is_string()) return value.string();
  problems.add(value.where, std::string("wants one value, got ") + value.type_name());
  return std::nullopt;
}

bool is_formula(ConfigValue const& value) {
  return value.is_string() && value.string().starts_with('=');
}

}  // namespace almagest
