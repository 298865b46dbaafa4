#include "engine/toml_reader.hpp"
#include "instrument/table_reader.hpp"
#include "repository/atomic_file.hpp"
#include "repository/opened_repository.hpp"

namespace almagest {

std::string gen2_mapper(std::filesystem::path const& root) {
  constexpr char const* blank = " \t\r\n";
  std::string text = file_text(root / "_mapper");
  text.erase(text.find_last_not_of(blank) + 1);
  text.erase(0, text.find_first_not_of(blank));
  return text;
}

RepositoryFile read_repository_file(std::filesystem::path const& directory) {
  ConfigValue const document = read_toml(directory / repository_file_name);
  Problems problems;
  TableReader table(document, repository_file_name, problems);
  RepositoryFile file;
  file.instrument = table.required_text("instrument");
  if (auto const parent = table.text("parent"))
    file.parent = (directory / *parent).lexically_normal();
  file.rerun = table.text("rerun").value_or("");
  if (table.text("registry").value_or(registry_file_name) != registry_file_name)
    table.problem(*document.find("registry"), "not implemented: a registry elsewhere");
  if (!file.rerun.empty() && file.parent.empty())
    problems.add(document.find("rerun")->where, "'rerun' needs 'parent'");
  table.finish();
  problems.raise();
  return file;
}

void write_repository_file(std::filesystem::path const& directory, RepositoryFile const& content) {
  std::string text = "# An Almagest repository; almagest query lists what it holds.\n";
  text += "instrument = " + to_toml(content.instrument) + '\n';
  if (!content.parent.empty()) text += "parent     = " + to_toml(content.parent.string()) + '\n';
  if (!content.rerun.empty()) text += "rerun      = " + to_toml(content.rerun) + '\n';
  if (file_text(directory / repository_file_name) != text)
    write_atomically(directory / repository_file_name, text);
}

}  // namespace almagest
