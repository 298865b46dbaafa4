#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "almagest/error.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"

namespace almagest {

namespace {

using Json = nlohmann::ordered_json;

char const* kind_name(Port::Kind kind) {
  switch (kind) {
    case Port::Kind::in:
      return "in";
    case Port::Kind::maybe_in:
      return "maybe in";
    case Port::Kind::gather_in:
      return "gather in";
    case Port::Kind::out:
      return "out";
  }
  return "";
}

Json json_value(ConfigValue const& value) {
  Json json;
  if (value.is_table()) {
    json = Json::object();
    for (auto const& [key, entry] : value.table()) json[key] = json_value(entry);
  } else if (value.is_array()) {
    json = Json::array();
    for (ConfigValue const& element : value.array()) json.push_back(json_value(element));
  } else {
    std::visit(
        [&json](auto const& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) json = v;
        },
        value.data);
  }
  return json;
}

Json parameters(Configurable const& object) {
  Json list = Json::array();
  for (ParamBase const* parameter : object.params()) {
    Json json{{"name", parameter->name()}, {"type", parameter->type()}};
    if (parameter->required()) {
      json["required"] = true;
    } else {
      json["default"] = json_value(parameter->value());
      json["default_toml"] = to_toml(parameter->value());  // as one writes it in a pipeline
    }
    if (!parameter->range().empty()) json["range"] = parameter->range();
    if (!parameter->unit().empty()) json["unit"] = parameter->unit();
    json["doc"] = parameter->doc();
    list.push_back(std::move(json));
  }
  return list;
}

Json describe_task(std::string const& name, PluginRegistry::TaskEntry const& entry) {
  std::unique_ptr<Task> const task = entry.make();
  Json json{{"task", name}, {"doc", entry.doc}, {"ports", Json::array()}};
  for (Port const* port : task->ports())
    json["ports"].push_back({{"name", port->name()},
                             {"kind", kind_name(port->kind())},
                             {"product", port->product_id()},
                             {"doc", port->doc()}});
  json["parameters"] = parameters(*task);
  json["metrics"] = Json::array();
  for (MetricBase const* metric : task->metrics())
    json["metrics"].push_back(
        {{"name", metric->name()}, {"unit", metric->unit()}, {"doc", metric->doc()}});
  json["resources"] = Json::array();
  for (Resource const* resource : task->resources()) json["resources"].push_back(resource->name());
  return json;
}

Json describe_component(std::string const& interface, PluginRegistry::ComponentEntry const& entry) {
  return {{"component", entry.plugin + "/" + entry.name},
          {"interface", interface},
          {"doc", entry.doc},
          {"parameters", parameters(*entry.make())}};
}

/// What matches `plugin`, `plugin/task`, `task`, or everything.
Json collect(PluginRegistry const& plugins, std::string const& wanted) {
  auto const matches = [&](std::string const& full_name) {
    return wanted.empty() || full_name == wanted || full_name.starts_with(wanted + "/") ||
           full_name.ends_with("/" + wanted);
  };
  Json all = Json::array();
  std::vector<std::string> known;
  for (auto const& [name, entry] : plugins.tasks()) {
    known.push_back(name);
    known.push_back(entry.plugin);
    if (matches(name)) all.push_back(describe_task(name, entry));
  }
  for (std::string const& interface : plugins.interfaces())
    for (PluginRegistry::ComponentEntry const& entry : plugins.components(interface)) {
      known.push_back(entry.plugin + "/" + entry.name);
      if (matches(known.back())) all.push_back(describe_component(interface, entry));
    }
  if (!all.empty() || wanted.empty()) return all;
  // A broken plugin explains itself; anything else gets the nearest name.
  for (PluginInfo const& plugin : plugins.plugins())
    if (!plugin.loaded() && (wanted == plugin.name || wanted.starts_with(plugin.name + "/")))
      throw ConfigError("plugin '" + plugin.name + "' (" + plugin.path.string() +
                        ") cannot be used: " + plugin.error);
  throw ConfigError("nothing is called '" + wanted + "'" + nearest_name_hint(wanted, known));
}

void print_parameters(Json const& list) {
  for (Json const& p : list) {
    std::string text =
        fmt::format("    {:<22} {}", p["name"].get<std::string>(), p["type"].get<std::string>());
    text +=
        p.contains("required") ? ", must be given" : " = " + p["default_toml"].get<std::string>();
    if (p.contains("range")) text += ", " + p["range"].get<std::string>();
    fmt::print("{}\n    {:<22} {}\n", text, "", p["doc"].get<std::string>());
  }
}

void print_port(Json const& port) {
  std::string line =
      fmt::format("    {:<22} {:<9} {}", port["name"].get<std::string>(),
                  port["kind"].get<std::string>(), port["product"].get<std::string>());
  if (std::string const doc = port["doc"].get<std::string>(); !doc.empty()) line += "  " + doc;
  fmt::print("{}\n", line);
}

/// "Mean over the cells [adu]", as a parameter's text has it.
std::string text_with_unit(Json const& metric) {
  std::string text = metric["doc"].get<std::string>();
  std::string const unit = metric["unit"].get<std::string>();
  return unit.empty() ? text : text + " [" + unit + "]";
}

void print_text(Json const& all) {
  for (Json const& item : all) {
    bool const is_task = item.contains("task");
    fmt::print("{}{}\n  {}\n", item[is_task ? "task" : "component"].get<std::string>(),
               is_task ? "" : " (" + item["interface"].get<std::string>() + ")",
               item["doc"].get<std::string>());
    if (is_task) {
      fmt::print("  ports\n");
      for (Json const& port : item["ports"]) print_port(port);
    }
    if (!item["parameters"].empty()) fmt::print("  parameters\n");
    print_parameters(item["parameters"]);
    if (is_task && !item["metrics"].empty()) {
      fmt::print("  metrics\n");
      for (Json const& metric : item["metrics"])
        fmt::print("    {:<22} {}\n", metric["name"].get<std::string>(), text_with_unit(metric));
    }
    if (is_task && !item["resources"].empty()) {
      fmt::print("  resources\n");
      for (Json const& resource : item["resources"])
        fmt::print("    {}\n", resource.get<std::string>());
    }
    fmt::print("\n");
  }
}

}  // namespace

int describe_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest describe [PLUGIN | PLUGIN/TASK | TASK] [options]", 1,
                         [](auto add) { add("json", "as JSON"); });
  if (line.help_printed()) return exit_ok;
  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  Json const all = collect(plugins, line.words().empty() ? "" : line.word(0));
  if (line.has("json")) {
    fmt::print("{}\n", all.dump(2));
  } else {
    print_text(all);
  }
  return exit_ok;
}

}  // namespace almagest
