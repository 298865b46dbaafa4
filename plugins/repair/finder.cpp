#include "finder.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "almagest/error.hpp"

#include "contrast.hpp"
#include "fill.hpp"
#include "pixel_set.hpp"

namespace repair {
namespace {
using namespace almagest;

constexpr int rows_per_chunk = 128;

bool reading_order(Pixel a, Pixel b) noexcept {
  return a.y != b.y ? a.y < b.y : a.x < b.x;
}

void in_order_once(std::vector<Pixel>& pixels) {
  std::ranges::sort(pixels, reading_order);
  pixels.erase(std::unique(pixels.begin(), pixels.end()), pixels.end());
}

/// Calls f(x, y) for the up to eight neighbours inside an image.
template <class F>
void each_neighbour(Image<float> const& image, Pixel p, F const& f) {
  for (int y = std::max(0, p.y - 1); y <= std::min(image.height() - 1, p.y + 1); ++y)
    for (int x = std::max(0, p.x - 1); x <= std::min(image.width() - 1, p.x + 1); ++x)
      if (x != p.x || y != p.y) f(x, y);
}

/// Groups of pixels that touch. \param pixels  in reading order
/// \returns for each pixel, the first pixel of its group
std::vector<std::size_t> groups_of(std::span<Pixel const> pixels) {
  std::vector<std::size_t> parent(pixels.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  auto const root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  auto const join = [&](std::size_t a, std::size_t b) {
    a = root(a), b = root(b);
    parent[std::max(a, b)] = std::min(a, b);
  };
  std::size_t below = 0;  // first pixel that may lie to the lower left of the present one
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    Pixel const p = pixels[i];
    if (i > 0 && pixels[i - 1] == Pixel{p.x - 1, p.y}) join(i - 1, i);
    while (reading_order(pixels[below], {p.x - 1, p.y - 1})) ++below;
    for (std::size_t j = below; j < i && !reading_order({p.x + 1, p.y - 1}, pixels[j]); ++j)
      join(j, i);
  }
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = root(i);
  return parent;
}

/// A pixel and what stood there before it was replaced.
struct Saved {
  float image, variance;
};

class Finder {
 public:
  Finder(MaskedImage& frame, PsfRatios const& psf, double background, FinderOptions const& options)
      : frame_(frame),
        options_(options),
        background_(background),
        is_sharp_(frame.image, frame.variance, psf, background),
        rays_(frame.image.width(), frame.image.height()) {}

  FoundRays find(ForEachRange const& for_each_range) {
    accept(only_bright(sharp_pixels(for_each_range)));
    for (int i = 0; i < options_.iterations; ++i) {
      std::vector<Pixel> const more = sharp_neighbours();
      if (more.empty()) break;
      accept(more);
    }
    for (std::size_t i = 0; i < pixels_.size(); ++i) restore(i);
    std::ranges::sort(pixels_, reading_order);
    auto const groups = groups_of(pixels_);
    FoundRays found{std::move(pixels_), 0};
    for (std::size_t i = 0; i < groups.size(); ++i) found.count += groups[i] == i ? 1 : 0;
    return found;
  }

 private:
  /// The pixels of the frame that pass the full test.
  std::vector<Pixel> sharp_pixels(ForEachRange const& for_each_range) const {
    auto const height = static_cast<std::size_t>(frame_.image.height());
    std::vector<std::vector<Pixel>> found((height + rows_per_chunk - 1) / rows_per_chunk);
    for_each_range(found.size(), [&](std::size_t begin, std::size_t end) {
      for (std::size_t chunk = begin; chunk < end; ++chunk) {
        int const first = static_cast<int>(chunk) * rows_per_chunk;
        int const last = std::min(first + rows_per_chunk, frame_.image.height());
        find_outstanding(frame_.image, frame_.variance, options_.limits.sigmas, first, last,
                         found[chunk]);
        std::erase_if(found[chunk], [&](Pixel p) {
          return !is_sharp_(p.x, p.y, options_.limits) || !may_be_ray(p.x, p.y);
        });
      }
    });
    std::vector<Pixel> all;
    for (auto const& chunk : found) all.insert(all.end(), chunk.begin(), chunk.end());
    return all;
  }

  bool may_be_ray(int x, int y) const noexcept {
    Image<MaskPixel> const& mask = frame_.mask.image();
    if ((mask(x, y) & (options_.ignored | options_.interpolated)) != 0) return false;
    bool free = true;
    each_neighbour(frame_.image, {x, y}, [&](int nx, int ny) {
      free = free && (mask(nx, ny) & options_.interpolated) == 0;
    });
    return free;
  }

  /// Those in groups with enough light.
  std::vector<Pixel> only_bright(std::vector<Pixel> pixels) const {
    auto const groups = groups_of(pixels);
    std::vector<double> total(pixels.size(), 0.0);
    for (std::size_t i = 0; i < pixels.size(); ++i)
      total[groups[i]] +=
          double{std::as_const(frame_.image)(pixels[i].x, pixels[i].y)} - background_;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      if (total[groups[i]] >= options_.min_total) pixels[kept++] = pixels[i];
    pixels.resize(kept);
    return pixels;
  }

  /// Adds pixels to the rays, and replaces them and all that stood on their values.
  void accept(std::vector<Pixel> const& pixels) {
    if (pixels_.size() + pixels.size() > options_.max_pixels)
      throw DataError("more than " + std::to_string(options_.max_pixels) +
                      " pixels look like cosmic rays (max_pixels): is the PSF wider than the stars "
                      "are, or the variance too small?");
    for (Pixel const p : pixels) {
      rays_.insert(p.x, p.y);
      pixels_.push_back(p);
      saved_.push_back(
          {std::as_const(frame_.image)(p.x, p.y), std::as_const(frame_.variance)(p.x, p.y)});
    }
    changed_ = pixels;
    for (Pixel const p : pixels) add_dependents(p);
    in_order_once(changed_);
    fill(frame_, changed_, rays_, options_.ignored);
  }

  /// Pixels of rays beside one that was good until now, in its row and its column.
  void add_dependents(Pixel p) {
    for (Pixel const step : {Pixel{1, 0}, Pixel{-1, 0}, Pixel{0, 1}, Pixel{0, -1}})
      for (int n = 1; n <= fill_reach; ++n) {
        Pixel const q{p.x + n * step.x, p.y + n * step.y};
        if (q.x < 0 || q.y < 0 || q.x >= frame_.image.width() || q.y >= frame_.image.height())
          break;
        if (rays_.contains(q.x, q.y))
          changed_.push_back(q);
        else if (is_good(q))
          break;
      }
  }

  bool is_good(Pixel p) const noexcept {
    return (std::as_const(frame_.mask).image()(p.x, p.y) & options_.ignored) == 0 &&
           std::isfinite(std::as_const(frame_.image)(p.x, p.y));
  }

  /// Neighbours of changed pixels that pass the easier test.
  std::vector<Pixel> sharp_neighbours() const {
    std::vector<Pixel> found;
    for (Pixel const p : changed_)
      each_neighbour(frame_.image, p, [&](int x, int y) {
        if (!rays_.contains(x, y) && is_sharp_(x, y, options_.neighbour_limits) && may_be_ray(x, y))
          found.push_back({x, y});
      });
    in_order_once(found);
    return found;
  }

  void restore(std::size_t i) {
    frame_.image(pixels_[i].x, pixels_[i].y) = saved_[i].image;
    frame_.variance(pixels_[i].x, pixels_[i].y) = saved_[i].variance;
  }

  MaskedImage& frame_;
  FinderOptions const& options_;
  double background_;
  Sharpness is_sharp_;
  PixelSet rays_;
  std::vector<Pixel> pixels_;   // of all rays, in the order in which they were found
  std::vector<Saved> saved_;    // beside pixels_
  std::vector<Pixel> changed_;  // pixels that the latest round replaced
};

}  // namespace

FoundRays find_cosmic_rays(MaskedImage& frame, PsfRatios const& psf, double background,
                           FinderOptions const& options, ForEachRange const& for_each_range) {
  return Finder(frame, psf, background, options).find(for_each_range);
}

}  // namespace repair
