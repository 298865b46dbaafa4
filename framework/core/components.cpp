#include "almagest/components.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace almagest {
namespace {

/// Why the source did not make a component: nobody registers that name, or what the source says.
std::string why_not(ConfigError const& error, ComponentSource const& components,
                    std::string const& interface, std::string const& name) {
  auto const known = components.names(interface);
  if (std::ranges::find(known, name) != known.end()) return error.what();
  return fmt::format("there is no {} '{}'{}", interface, name, nearest_name_hint(name, known));
}

}  // namespace

Component::~Component() = default;
ComponentSource::~ComponentSource() = default;

ComponentsBase::ComponentsBase(Configurable& owner, std::string name, std::string_view interface,
                               std::vector<std::string> defaults, std::string doc)
    : ParamBase(owner, std::move(name), std::move(doc)),
      interface_(interface),
      use_(std::move(defaults)) {}

ComponentsBase::~ComponentsBase() = default;

std::string ComponentsBase::type() const {
  return "table of " + interface_ + "s";
}

ConfigValue ComponentsBase::value() const {
  ConfigValue table;
  table.set("use", ConfigTraits<std::vector<std::string>>::write(use_));
  for (std::size_t i = 0; i < made_.size(); ++i) table.set(use_[i], made_[i]->configuration());
  return table;
}

void ComponentsBase::set(ConfigValue const& value, std::string const&, ComponentSource const&,
                         Problems& problems) {
  if (!value.is_table()) {
    problems.add(value.where,
                 "parameter '" + name() + "' wants " + type() + ", got " + value.type_name());
    return;
  }
  using Names = ConfigTraits<std::vector<std::string>>;
  if (ConfigValue const* const use = value.find("use")) {
    std::vector<std::string> names;
    if (!Names::read(*use, names)) {
      problems.add(use->where, "parameter '" + name() + ".use' wants " + Names::name() + ", got " +
                                   use->type_name());
      return;
    }
    use_ = std::move(names);
  }
  given_ = value;
}

void ComponentsBase::complete(std::string const& owner, ComponentSource const& components,
                              Problems& problems) {
  made_.clear();
  ConfigValue const table = std::exchange(given_, {});
  ConfigValue const* const use = table.find("use");

  std::vector<std::string> names;  // those that could be made, in step with made_
  for (std::size_t i = 0; i < use_.size(); ++i) {
    std::string const& wanted = use_[i];
    Where const& place = use ? use->array()[i].where : table.where;  // a default has none
    if (std::ranges::find(names, wanted) != names.end()) {
      problems.add(place, fmt::format("parameter '{}': '{}' is in 'use' twice", name(), wanted));
      continue;
    }
    std::unique_ptr<Component> component;
    try {
      component = components.make(interface_, wanted);
    } catch (ConfigError const& error) {
      problems.add(place, fmt::format("parameter '{}': {}", name(),
                                      why_not(error, components, interface_, wanted)));
      continue;
    }
    ConfigValue nothing;
    nothing.where = place;
    ConfigValue const* const given = table.find(wanted);
    component->configure(given ? *given : nothing,
                         fmt::format("{}: {} '{}'", owner, interface_, wanted), components,
                         problems);
    names.push_back(wanted);
    made_.push_back(std::move(component));
  }

  for (auto const& [key, value] : table.table())
    if (key != "use" && std::ranges::find(use_, key) == use_.end())
      problems.add(value.key_where,
                   fmt::format("parameter '{}' configures '{}', which is not in its 'use'{}",
                               name(), key, nearest_name_hint(key, use_)));
  use_ = std::move(names);
}

}  // namespace almagest
