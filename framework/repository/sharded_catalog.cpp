#include "repository/sharded_catalog.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <string_view>
#include <tuple>

#include "almagest/htm.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr char const* master_schema_name = "master_schema.fits";

/// The level of an HTM id: level L has the ids 8·4^L to 16·4^L − 1. None when it is no id.
std::optional<int> level_of(std::int64_t id) {
  int const bits = std::bit_width(static_cast<std::uint64_t>(id));
  if (id < 8 || bits % 2 != 0 || (bits - 4) / 2 > max_htm_level) return std::nullopt;
  return (bits - 4) / 2;
}

/// The id in a shard's name; none when it is not the name of one.
std::optional<std::int64_t> shard_id(std::string_view name) {
  constexpr std::string_view ending = ".fits", butler_ending = "_refcats";
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  if (name.ends_with(butler_ending)) {
    name.remove_suffix(butler_ending.size());
    name.remove_prefix(name.rfind('_') + 1);  // all of it when there is none
  }
  std::int64_t id = 0;
  auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || !level_of(id))
    return std::nullopt;
  return id;
}

/// \throws DataError naming the directory
fs::directory_iterator entries(fs::path const& directory) {
  std::error_code error;
  fs::directory_iterator result(directory, error);
  if (error)
    throw DataError(fmt::format("{}: cannot list it: {}", directory.string(), error.message()));
  return result;
}

std::string degrees(SkyCircle const& region) {
  return fmt::format("{:.4g} deg about RA {:.4f}, Dec {:.4f} deg",
                     region.radius / radians_per_degree, region.centre.ra / radians_per_degree,
                     region.centre.dec / radians_per_degree);
}

/// A list that stays readable.
std::string some_of(std::vector<std::int64_t> const& ids) {
  constexpr std::size_t most = 6;
  std::string text =
      fmt::format("{}", fmt::join(ids.begin(), ids.begin() + std::min(ids.size(), most), ", "));
  if (ids.size() > most) text += fmt::format(", … {} in all", ids.size());
  return text;
}

/// \throws DataError naming the file, with the bands that it has
ReferenceShard::Band const& band_of(ReferenceShard const& shard, std::string const& name,
                                    fs::path const& file) {
  auto const* band = shard.band(name);
  if (band && band->problem.empty()) return *band;
  if (band) throw DataError(file.string() + ": " + band->problem);
  std::vector<std::string> known;
  for (auto const& other : shard.bands) known.push_back(other.name);
  throw DataError(fmt::format("{}: the reference catalogue has no band '{}' ({})", file.string(),
                              name,
                              known.empty() ? std::string("it has none")
                                            : fmt::format("it has {}", fmt::join(known, ", "))));
}

/// Shards mostly say the same.
void add_note(std::string& note, std::string const& text) {
  if (note.find(text) != std::string::npos) return;
  note += (note.empty() ? "" : "; ") + text;
}

std::string catalog_name(fs::path const& directory) {
  return directory.filename().string();
}

}  // namespace

ShardedCatalog::ShardedCatalog(fs::path directory, std::shared_ptr<ShardCache> cache)
    : directory_(std::move(directory)), cache_(std::move(cache)) {
  for (fs::directory_entry const& entry : entries(directory_)) {
    std::string const name = entry.path().filename().string();
    auto const id = shard_id(name);
    if (!id) continue;
    auto const [known, fresh] = files_.emplace(*id, name);
    if (!fresh)
      throw DataError(fmt::format("{}: '{}' and '{}' are the same shard of the reference catalogue",
                                  directory_.string(), std::min(known->second, name),
                                  std::max(known->second, name)));
  }
  if (files_.empty())
    throw DataError(fmt::format("{}: there are no shards of a reference catalogue (<HTM id>.fits)",
                                directory_.string()));
  // Ids rise with the level, so the first and the last tell of any other level.
  level_ = *level_of(files_.begin()->first);
  if (*level_of(files_.rbegin()->first) != level_)
    throw DataError(fmt::format("{}: shards '{}' and '{}' are of HTM levels {} and {}",
                                directory_.string(), files_.begin()->second,
                                files_.rbegin()->second, level_,
                                *level_of(files_.rbegin()->first)));
}

ReferenceObjects ShardedCatalog::load(ReferenceRequest const& request,
                                      Observer const& observer) const {
  SkyCircle const& region = request.region;
  if (!std::isfinite(region.centre.ra) || !std::isfinite(region.centre.dec) ||
      !(region.radius >= 0) || std::isinf(region.radius))
    throw DataError(fmt::format("reference catalogue '{}' was asked for a region of {}",
                                catalog_name(directory_), degrees(region)));
  std::vector<std::int64_t> const cover = htm_cover(region, level_);
  bool covered = false;
  for (std::int64_t const id : cover) {
    if (observer) observer(id, file_of(id));
    covered = covered || files_.contains(id);
  }
  if (!covered) complain_of_region(region, cover);

  SpaceMotion const motion(request.epoch_mjd_tai);
  ReferenceObjects result;
  for (std::int64_t const id : cover)
    if (auto const file = files_.find(id); file != files_.end())
      append(directory_ / file->second, request, motion, result);
  std::ranges::sort(result.objects, {}, [](ReferenceObject const& object) {
    return std::tuple(object.id, object.position.ra, object.position.dec);
  });
  return result;
}

std::vector<std::string> ShardedCatalog::bands() const {
  fs::path const schema = directory_ / master_schema_name;
  std::error_code absent;
  return read_reference_bands(fs::exists(schema, absent) ? schema
                                                         : directory_ / files_.begin()->second);
}

std::string ShardedCatalog::file_of(std::int64_t id) const {
  if (auto const file = files_.find(id); file != files_.end()) return file->second;
  auto const& [other_id, other_name] = *files_.begin();
  std::string const digits = std::to_string(other_id);
  std::string name = other_name;
  return name.replace(name.rfind(digits), digits.size(), std::to_string(id));
}

void ShardedCatalog::complain_of_region(SkyCircle const& region,
                                        std::vector<std::int64_t> const& cover) const {
  constexpr double first_search = 0.5 * radians_per_degree;
  // Deep levels have too many triangles for a large circle; theirs are found by their ancestors.
  int const level = std::min(level_, 8);
  int const shift = 2 * (level_ - level);
  std::vector<std::int64_t> nearest;
  double reach = std::max(region.radius, first_search);
  while (nearest.empty()) {  // ends with the whole sky
    reach = std::min(2 * reach, std::numbers::pi);
    for (std::int64_t const id : htm_cover({region.centre, reach}, level))
      for (auto file = files_.lower_bound(id << shift);
           file != files_.end() && file->first < (id + 1) << shift; ++file)
        nearest.push_back(file->first);
  }
  throw NotFoundError(fmt::format(
      "no shard of the reference catalogue {} covers the region of {}: there is no {}; of its {} "
      "shards {} lie within about {:.3g} deg",
      directory_.string(), degrees(region), some_of(cover), files_.size(), some_of(nearest),
      reach / radians_per_degree));
}

void ShardedCatalog::append(fs::path const& file, ReferenceRequest const& request,
                            SpaceMotion const& motion, ReferenceObjects& result) const {
  constexpr double rounding = 1e-9;  // [rad]
  auto const shard = cache_->get(file);
  ReferenceShard::Band const* const band =
      request.band.empty() ? nullptr : &band_of(*shard, request.band, file);
  SkyCircle const& region = request.region;
  for (std::size_t i = 0; i < shard->objects.size(); ++i) {
    CataloguedObject const& from = shard->objects[i];
    // Cheap, and most objects of a shard are far away.
    double const reach = region.radius + motion.reach(from) + rounding;
    if (std::abs(from.position.dec - region.centre.dec) > reach) continue;
    ReferenceObject object;
    object.position = motion.position(from);
    if (!(separation(object.position, region.centre) <= region.radius)) continue;
    object.id = from.id;
    object.position_error = motion.position_error(from);
    if (band) {
      object.flux = band->flux[i];
      object.flux_error = band->flux_error[i];
    }
    result.objects.push_back(object);
  }
  if (std::isfinite(request.epoch_mjd_tai) && !shard->no_motions.empty())
    add_note(result.note, "positions are as catalogued: " + shard->no_motions);
  if (band && shard->was_in_jansky)
    add_note(result.note,
             "fluxes are taken for Jy, because the format version is 0 or absent, and converted to "
             "nJy");
}

bool holds_shards(fs::path const& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (shard_id(entry->path().filename().string())) return true;
  return false;
}

std::vector<std::string> catalogs_below(fs::path const& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (std::error_code ignored; entry->is_directory(ignored) && holds_shards(entry->path()))
      names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace almagest
