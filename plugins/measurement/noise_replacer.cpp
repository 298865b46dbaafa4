#include "noise_replacer.hpp"

#include <algorithm>

#include "gaussian_deviates.hpp"

namespace measurement {
namespace {
using namespace almagest;

/// Calls visit(the image's pixels, index of the first of them among the footprint's pixels) for
/// each span's part inside the image.
template <class Visit>
void visit_spans(Footprint const& footprint, Image<float>& image, Visit const& visit) {
  Box const& box = image.bbox();
  std::size_t first = 0;
  for (Span const& span : footprint.spans()) {
    int const x0 = std::max(span.x0, box.x0), x1 = std::min(span.x1, box.x1());
    if (span.y >= box.y0 && span.y <= box.y1() && x0 <= x1)
      visit(image.row(span.y - box.y0)
                .subspan(static_cast<std::size_t>(x0 - box.x0),
                         static_cast<std::size_t>(x1 - x0) + 1),
            first + static_cast<std::size_t>(x0 - span.x0));
    first += static_cast<std::size_t>(span.x1 - span.x0) + 1;
  }
}

void write(Footprint const& footprint, std::span<float const> values, Image<float>& image) {
  visit_spans(footprint, image, [values](std::span<float> pixels, std::size_t first) {
    std::ranges::copy(values.subspan(first, pixels.size()), pixels.begin());
  });
}

void copy(Footprint const& footprint, Image<float> const& from, Image<float>& image) {
  float const* const source = from.pixels().data();
  float const* const target = image.pixels().data();
  visit_spans(footprint, image, [=](std::span<float> pixels, std::size_t) {
    std::copy_n(source + (pixels.data() - target), pixels.size(), pixels.data());
  });
}

}  // namespace

ReplacementNoise::ReplacementNoise(FootprintSet const& set, double mean, double sigma,
                                   std::uint32_t seed) {
  std::size_t pixels = 0;
  first_.reserve(set.footprints.size() + 1);
  for (Footprint const& footprint : set.footprints) {
    first_.push_back(pixels);
    pixels += static_cast<std::size_t>(footprint.area());
  }
  first_.push_back(pixels);
  values_.reserve(pixels);

  GaussianDeviates deviates(seed);
  auto const m = static_cast<float>(mean), s = static_cast<float>(sigma);
  for (Footprint const& footprint : set.footprints) {
    Box const& box = footprint.bbox();
    auto span = footprint.spans().begin();
    auto const end = footprint.spans().end();
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x) {
        float const value = static_cast<float>(deviates.next()) * s + m;
        while (span != end && (span->y < y || (span->y == y && span->x1 < x))) ++span;
        if (span != end && span->y == y && span->x0 <= x) values_.push_back(value);
      }
  }
}

NoiseReplacer::NoiseReplacer(FootprintSet const& set, std::span<Family const> families,
                             ReplacementNoise const& noise, Image<float> const& original)
    : set_(set),
      families_(families),
      noise_(noise),
      original_(original),
      next_(families.size() + 1) {}  // nothing is replaced yet: any begin() starts again

void NoiseReplacer::begin(std::size_t family, Image<float>& image) {
  if (family < next_) {
    for (std::size_t source = 0; source < set_.footprints.size(); ++source) remove(source, image);
    next_ = 0;
  }
  for (; next_ < family; ++next_) {
    Family const& done = families_[next_];
    for (std::size_t child = done.first_child; child < done.end; ++child) remove(child, image);
    remove(done.parent, image);
  }
  next_ = family + 1;  // once the caller has measured it
}

void NoiseReplacer::insert(std::size_t source, Image<float>& image) const {
  Footprint const& footprint = set_.footprints[source];
  if (footprint.values().empty())
    copy(footprint, original_, image);
  else
    write(footprint, footprint.values(), image);
}

void NoiseReplacer::remove(std::size_t source, Image<float>& image) const {
  write(set_.footprints[source], noise_.of(source), image);
}

}  // namespace measurement
