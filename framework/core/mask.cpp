#include "almagest/mask.hpp"

#include <algorithm>
#include <utility>

namespace almagest {
namespace {

constexpr int plane_limit = 31;  // the sign bit of a MaskPixel is not used

MaskPixel bit_value(int bit) noexcept {
  return MaskPixel{1} << bit;
}

std::string text(Box const& box) {
  return std::to_string(box.width) + " x " + std::to_string(box.height) + " at (" +
         std::to_string(box.x0) + ", " + std::to_string(box.y0) + ")";
}

std::string names(std::map<std::string, int> const& planes) {
  std::string list;
  for (auto const& [name, bit] : planes) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::map<std::string, int> standard_dictionary() {
  std::map<std::string, int> planes;
  for (std::string const& name : Mask::standard_planes())
    planes.emplace(name, static_cast<int>(planes.size()));
  return planes;
}

}  // namespace

std::vector<std::string> const& Mask::standard_planes() {
  static std::vector<std::string> const planes{
      "BAD", "SAT", "INTRP", "CR", "EDGE", "DETECTED", "DETECTED_NEGATIVE", "SUSPECT", "NO_DATA"};
  return planes;
}

Mask::Mask() : planes_(standard_dictionary()) {}
Mask::Mask(Box box) : image_(box), planes_(standard_dictionary()) {}

Mask::Mask(Image<MaskPixel> pixels, std::map<std::string, int> planes)
    : image_(std::move(pixels)), planes_(std::move(planes)) {
  std::map<int, std::string> by_bit;
  for (auto const& [name, bit] : planes_) {
    if (bit < 0 || bit >= plane_limit)
      throw DataError("mask plane '" + name + "' has bit " + std::to_string(bit) +
                      ", expected 0..." + std::to_string(plane_limit - 1));
    auto const [other, is_new] = by_bit.emplace(bit, name);
    if (!is_new)
      throw DataError("mask planes '" + other->second + "' and '" + name + "' share bit " +
                      std::to_string(bit));
  }
}

bool Mask::has(std::string_view plane) const {
  return planes_.contains(std::string(plane));
}

MaskPixel Mask::bit(std::string_view plane) const {
  auto const found = planes_.find(std::string(plane));
  if (found == planes_.end())
    throw DataError("the mask has no plane '" + std::string(plane) + "'; known: " + names(planes_));
  return bit_value(found->second);
}

MaskPixel Mask::bits(std::initializer_list<std::string_view> planes, bool known_only) const {
  MaskPixel all = 0;
  for (std::string_view const plane : planes)
    if (!known_only || has(plane)) all |= bit(plane);
  return all;
}

MaskPixel Mask::bits(std::vector<std::string> const& planes) const {
  MaskPixel all = 0;
  for (std::string const& plane : planes) all |= bit(plane);
  return all;
}

MaskPixel Mask::add_plane(std::string const& plane) {
  if (auto const found = planes_.find(plane); found != planes_.end())
    return bit_value(found->second);
  for (int bit = 0; bit < plane_limit; ++bit) {
    bool const taken = std::ranges::any_of(planes_, [&](auto const& p) { return p.second == bit; });
    if (taken) continue;
    planes_.emplace(plane, bit);
    return bit_value(bit);
  }
  throw DataError("no bit is left for mask plane '" + plane + "'; in use: " + names(planes_));
}

void Mask::clear(std::string_view plane) {
  MaskPixel const keep = ~bit(plane);
  for (MaskPixel& pixel : image_.pixels()) pixel &= keep;
}

Mask& Mask::operator|=(Mask const& other) {
  if (bbox() != other.bbox())
    throw DataError("masks of different boxes cannot be combined: " + text(bbox()) + " and " +
                    text(other.bbox()));

  // Where each of the other's bits goes here; bits without a name are dropped.
  MaskPixel same = 0;
  std::vector<std::pair<MaskPixel, MaskPixel>> moved;
  for (auto const& [name, bit] : other.planes_) {
    MaskPixel const from = bit_value(bit);
    MaskPixel const to = add_plane(name);
    if (from == to)
      same |= from;
    else
      moved.emplace_back(from, to);
  }

  std::span<MaskPixel const> const theirs = other.image_.pixels();
  std::span<MaskPixel> const ours = image_.pixels();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    MaskPixel const pixel = theirs[i];
    if (pixel == 0) continue;
    ours[i] |= pixel & same;
    for (auto const& [from, to] : moved)
      if (pixel & from) ours[i] |= to;
  }
  return *this;
}

}  // namespace almagest
