#include "crosstalk_removal.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "almagest/error.hpp"

#include "octets.hpp"

namespace isr {
namespace {
using namespace almagest;

bool read_from_right(ReadCorner corner) noexcept {
  return corner == ReadCorner::lower_right || corner == ReadCorner::upper_right;
}
bool read_from_top(ReadCorner corner) noexcept {
  return corner == ReadCorner::upper_left || corner == ReadCorner::upper_right;
}

ISR_INLINE inline void reverse(Octet& v) noexcept {
  v = __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0);
}

}  // namespace

/// One row of all amplifiers, in the order of read-out: s of each amplifier, one behind the other,
/// padded to whole octets with zeros.
struct CrosstalkRemoval::Signals {
  Signals(std::size_t amplifiers, std::size_t columns)
      : stride((columns + lanes - 1) / lanes * lanes),
        values(amplifiers * stride),
        largest(amplifiers),
        sum(stride) {}
  float const* of(std::size_t amplifier) const { return &values[amplifier * stride]; }

  std::size_t stride;
  std::vector<float> values;
  std::vector<float> largest;  ///< of each amplifier in this row
  std::vector<float> sum;      ///< what the target at hand gets from all others
  float largest_sum = 0.0F;    ///< in size
};

CrosstalkRemoval::CrosstalkRemoval(std::span<AmplifierView const> views, CrosstalkMatrix matrix,
                                   std::vector<float> backgrounds, Flags flags)
    : views_(views),
      matrix_(std::move(matrix)),
      backgrounds_(std::move(backgrounds)),
      flags_(std::move(flags)) {
  if (views_.empty()) return;
  auto const& first = views_.front();
  for (AmplifierView const& view : views_)
    if (view.image.width() != first.image.width() || view.image.height() != first.image.height())
      throw DataError("crosstalk: amplifiers '" + first.amplifier->name + "' and '" +
                      view.amplifier->name + "' differ in size");
  rows_ = static_cast<std::size_t>(first.image.height());
  columns_ = static_cast<std::size_t>(first.image.width());
}

int CrosstalkRemoval::row_in_view(std::size_t amplifier, std::size_t row) const noexcept {
  bool const from_top = read_from_top(views_[amplifier].read_corner);
  return static_cast<int>(from_top ? rows_ - 1 - row : row);
}

void CrosstalkRemoval::gather(std::size_t row, Signals& signals) const {
  for (std::size_t a = 0; a < views_.size(); ++a) {
    float const* const from = views_[a].image.row(row_in_view(a, row)).data();
    float* const to = &signals.values[a * signals.stride];
    bool const from_right = read_from_right(views_[a].read_corner);
    float const background = backgrounds_[a];
    std::size_t const n = columns_;
    float& largest = signals.largest[a];
    vectorised([=, &largest]() ISR_INLINE {
      Octet most = Octet{} - std::numeric_limits<float>::infinity();
      auto const take = [&](std::size_t x, auto count) ISR_INLINE {
        Octet v{};
        if (!from_right) {
          load(v, from + x, count);
        } else if constexpr (std::is_same_v<decltype(count), std::size_t>) {
          for (std::size_t i = 0; i < count; ++i) v[i] = from[n - 1 - x - i];
        } else {
          load(v, from + n - x - lanes, count);
          reverse(v);
        }
        v -= background;
        v = v - v == 0.0F ? v : Octet{};  // what is not finite leaves nothing
        most = v > most ? v : most;
        store(v, to + x, count);
      };
      std::size_t x = 0;
      for (; x + lanes <= n; x += lanes) take(x, whole);
      if (x < n) take(x, n - x);
      largest = most[0];
      for (std::size_t i = 1; i < lanes; ++i) largest = std::max(largest, float{most[i]});
    });
  }
}

void CrosstalkRemoval::sum_up(std::size_t target, Signals& signals) const {
  std::size_t const sources = views_.size();
  CrosstalkMatrix const& matrix = matrix_;
  bool const has_squares = !matrix.quadratic.empty();
  vectorised([&, sources, target, has_squares]() ISR_INLINE {
    Octet most{};
    for (std::size_t x = 0; x < signals.stride; x += lanes) {
      Octet sum{};
      for (std::size_t source = 0; source < sources; ++source) {
        Octet s;
        load(s, &signals.values[source * signals.stride + x], whole);
        float const c = matrix.linear_of(source, target);
        if (has_squares)
          sum += s * (c + matrix.quadratic_of(source, target) * s);
        else
          sum += c * s;
      }
      store(sum, &signals.sum[x], whole);
      Octet const size = sum < 0.0F ? -sum : sum;
      most = size > most ? size : most;
    }
    signals.largest_sum = 0.0F;
    for (std::size_t i = 0; i < lanes; ++i)
      signals.largest_sum = std::max(signals.largest_sum, float{most[i]});
  });
}

void CrosstalkRemoval::write(std::size_t target, std::size_t row, Signals const& signals) const {
  float* const to = views_[target].image.row(row_in_view(target, row)).data();
  float const* const sum = signals.sum.data();
  bool const from_right = read_from_right(views_[target].read_corner);
  std::size_t const n = columns_;
  vectorised([=]() ISR_INLINE {
    std::size_t x = 0;
    for (; x + lanes <= n; x += lanes) {
      float* const at = from_right ? to + n - x - lanes : to + x;
      Octet v, s;
      load(v, at, whole);
      load(s, sum + x, whole);
      if (from_right) reverse(s);
      v -= s;
      store(v, at, whole);
    }
    for (; x < n; ++x) to[from_right ? n - 1 - x : x] -= sum[x];
  });
}

void CrosstalkRemoval::flag(std::size_t target, std::size_t row, Signals const& signals) const {
  if (flags_.bits.empty()) return;
  std::vector<std::size_t> bright;  // sources that reach the limit in this row
  for (std::size_t source = 0; source < views_.size(); ++source)
    if (signals.largest[source] >= flags_.source &&
        (matrix_.linear_of(source, target) != 0.0F || matrix_.quadratic_of(source, target) != 0.0F))
      bright.push_back(source);
  if (bright.empty() && !(signals.largest_sum > flags_.correction)) return;

  std::span<MaskPixel> const mask = views_[target].mask.row(row_in_view(target, row));
  bool const from_right = read_from_right(views_[target].read_corner);
  for (std::size_t x = 0; x < columns_; ++x) {
    bool const hit = std::abs(signals.sum[x]) > flags_.correction ||
                     std::ranges::any_of(bright, [&](std::size_t source) {
                       return signals.of(source)[x] >= flags_.source;
                     });
    if (hit) mask[from_right ? columns_ - 1 - x : x] |= flags_.bits[target];
  }
}

void CrosstalkRemoval::subtract(std::size_t begin, std::size_t end) const {
  Signals signals(views_.size(), columns_);
  for (std::size_t row = begin; row < end; ++row) {
    gather(row, signals);
    for (std::size_t target = 0; target < views_.size(); ++target) {
      sum_up(target, signals);
      write(target, row, signals);
      flag(target, row, signals);
    }
  }
}

}  // namespace isr
