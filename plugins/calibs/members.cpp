#include "members.hpp"

#include <string>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "frame_level.hpp"

namespace calibs {
using namespace almagest;

std::vector<Gathered<Exposure>> members_that_are_there(
    std::vector<Gathered<Exposure>> const& members, Log& log) {
  std::vector<Gathered<Exposure>> there;
  std::string missing;
  for (auto const& member : members) {
    if (member.ok())
      there.push_back(member);
    else if (missing.empty())
      missing = member.id().str() + ": " + to_string(member.state()) + " (" + member.reason() + ")";
  }
  std::size_t const lost = members.size() - there.size();
  if (there.empty())
    throw DataError("there is no frame to combine" +
                    (missing.empty() ? std::string()
                                     : "; first of " + counted(lost, "frame") + ": " + missing));
  if (lost > 0)
    log.warning(counted(lost, "frame") + " of " + std::to_string(members.size()) +
                " left out; the first is " + missing);
  return there;
}

Exposure read_header(Gathered<Exposure> const& member) {
  try {
    return member.get(Box{0, 0, 1, 1});
  } catch (DataError const&) {
    return member.get();  // the frame stands elsewhere, as only the whole of it can tell
  }
}

double level_of(Exposure const& frame, DataId const& id) {
  if (!frame.metadata.has(level_card))
    throw DataError(id.str() + ": no card " + level_card +
                    ": put calibs/measure_level before the frames are stored");
  double const level = frame.metadata.number(level_card);
  if (!(level > 0.0)) throw DataError(id.str() + ": its level is " + fixed(level, 3));
  return level;
}

}  // namespace calibs
