#include "almagest/configurable.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "almagest/components.hpp"
#include "almagest/value.hpp"

namespace almagest {

Configurable::~Configurable() = default;

void Configurable::configure(ConfigValue const& values, std::string const& owner,
                             ComponentSource const& components, Problems& problems) {
  Problems found;
  if (!values.is_table()) {
    found.add(values.where, owner + " wants a table of parameters, got " + values.type_name());
  } else {
    std::vector<std::string> names;
    names.reserve(params_.size());
    for (ParamBase const* param : params_) names.push_back(param->name());
    for (auto const& [key, value] : values.table()) {
      auto const param = std::ranges::find(params_, key, &ParamBase::name);
      if (param != params_.end())
        (*param)->set(value, owner, components, found);
      else
        found.add(value.key_where, fmt::format("{} has no parameter '{}'{}", owner, key,
                                               nearest_name_hint(key, names)));
    }
  }
  for (ParamBase* param : params_) param->complete(owner, components, found);

  // What is missing has no place of its own: it is reported where the table stands.
  for (auto const& [where, text] : found.list())
    problems.add(where.known() ? where : values.where, text);
}

ConfigValue Configurable::configuration() const {
  ConfigValue table;
  for (ParamBase const* param : params_) table.set(param->name(), param->value());
  return table;
}

ParamBase::ParamBase(Configurable& owner, std::string name, std::string doc)
    : owner_(&owner), name_(std::move(name)), doc_(std::move(doc)) {
  if (std::ranges::find(owner.params_, name_, &ParamBase::name) != owner.params_.end())
    throw ConfigError("parameter '" + name_ + "' is declared twice");
  owner.params_.push_back(this);
}

ParamBase::ParamBase(ParamBase&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      name_(std::move(other.name_)),
      doc_(std::move(other.doc_)) {
  if (owner_) std::ranges::replace(owner_->params_, &other, this);
}

ParamBase::~ParamBase() {
  if (owner_) std::erase(owner_->params_, this);
}

std::string ParamBase::unit() const {
  auto const open = doc_.rfind('[');
  if (open == std::string::npos || !doc_.ends_with(']')) return {};
  return doc_.substr(open + 1, doc_.size() - open - 2);
}

void ParamBase::complete(std::string const&, ComponentSource const&, Problems&) {}

namespace detail {
namespace {

template <class T>
bool read_exactly(ConfigValue const& v, T& out) {
  T const* const value = std::get_if<T>(&v.data);
  if (value) out = *value;
  return value != nullptr;
}

}  // namespace

bool read(ConfigValue const& v, bool& out) {
  return read_exactly(v, out);
}
bool read(ConfigValue const& v, std::int64_t& out) {
  return read_exactly(v, out);
}
bool read(ConfigValue const& v, std::string& out) {
  return read_exactly(v, out);
}

bool read(ConfigValue const& v, int& out) {
  std::int64_t wide = 0;
  if (!read(v, wide) || !std::in_range<int>(wide)) return false;
  out = static_cast<int>(wide);
  return true;
}

bool read(ConfigValue const& v, double& out) {
  if (read_exactly(v, out)) return true;
  std::int64_t whole = 0;
  if (!read(v, whole)) return false;
  out = static_cast<double>(whole);
  return true;
}

std::string number_text(double v) {
  return to_string(Value(v));
}

}  // namespace detail
}  // namespace almagest
