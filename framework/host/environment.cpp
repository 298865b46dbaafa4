#include "host/environment.hpp"

#include "repository/formatters/standard_products.hpp"

namespace almagest {

void load_plugins(PluginRegistry& registry, std::vector<std::filesystem::path> const& given) {
  registry.add("almagest", [&registry](Registrar& registrar) {
    register_standard_products(registrar,
                               [&registry](PsfState const& state) { return registry.psf(state); });
  });
  registry.load(plugin_directories(given));
}

std::filesystem::path installed_pipelines() {
  std::filesystem::path const program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "share" / "almagest" / "pipelines";
}

}  // namespace almagest
