#include "repository/provenance.hpp"

#include <fmt/format.h>

#include "repository/checksum.hpp"
#include "repository/json.hpp"

namespace almagest {

std::string members_hash(std::vector<DataId> const& members) {
  if (members.empty()) return {};
  std::string text;
  for (DataId const& id : members) text += json_text(id) + '\n';
  return text_hash(text);
}

std::string provenance_of(DatasetRow const& row) {
  std::string text = row.configuration + '\0' + row.type + '\0' + row.data_id + '\0' + row.members;
  for (InputRow const& input : row.inputs)
    text += fmt::format("\n{} {} {} {}", input.level, input.type, input.data_id, input.checksum);
  return text_hash(text);
}

}  // namespace almagest
