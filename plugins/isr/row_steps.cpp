#include "row_steps.hpp"

#include "octets.hpp"

namespace isr {
namespace {
using almagest::MaskPixel;

struct OctetPixels {
  Octet image, variance;
  IntOctet mask;
};

template <class Count>
ISR_INLINE inline void take(RowSource const& source, std::size_t n, std::size_t x, Count count,
                            OctetPixels& p) {
  Octet raw{};
  if (!source.reversed) {
    load(raw, source.raw + x, count);
  } else if constexpr (std::is_same_v<Count, std::size_t>) {
    for (std::size_t i = 0; i < count; ++i) raw[i] = source.raw[count - 1 - i];
  } else {
    load(raw, source.raw + (n - lanes - x), count);
    raw = __builtin_shuffle(raw, IntOctet{7, 6, 5, 4, 3, 2, 1, 0});
  }
  p.image = (raw - source.level) * source.factor;
  p.variance = Octet{};
  p.mask = ((raw >= source.limits[0].level) & source.limits[0].bit) |
           ((raw >= source.limits[1].level) & source.limits[1].bit) | source.always;
}

template <class Count>
ISR_INLINE inline void subtract(RowStep const& step, std::size_t x, Count count, OctetPixels& p) {
  Octet less;
  load(less, step.image + x, count);
  p.image -= step.scale * less;
  if (!step.variance) return;
  Octet noise;
  load(noise, step.variance + x, count);
  p.variance += step.scale * step.scale * noise;
}

template <class Count>
ISR_INLINE inline void divide(RowStep const& step, std::size_t x, Count count, MaskPixel bad,
                              OctetPixels& p) {
  Octet flat, noise{};
  load(flat, step.image + x, count);
  if (step.variance) load(noise, step.variance + x, count);
  IntOctet const good = (flat > 0.0F) & (flat <= std::numeric_limits<float>::max());
  Octet const quotient = p.image / flat;
  Octet const spread = (p.variance + quotient * quotient * noise) / (flat * flat);
  p.image = good ? quotient : p.image;
  p.variance = good ? spread : p.variance;
  p.mask |= ~good & bad;
}

ISR_INLINE inline void set_variance(RowStep const& step, bool add, MaskPixel bad, OctetPixels& p) {
  Octet const now = p.image / step.gain + step.read_variance;
  p.variance = add ? p.variance + now : now;
  p.mask |= ~(p.variance > 0.0F) & bad;
}

template <class Count>
ISR_INLINE inline void combine(RowStep const& step, std::size_t x, Count count, OctetPixels& p) {
  if (!step.mask) return;
  IntOctet flags;
  load(flags, step.mask + x, count);
  p.mask |= flags & step.planes;
}

}  // namespace

void run_steps(RowSource const* source, std::span<RowStep const> steps, MaskPixel bad,
               RowPixels const& pixels) {
  std::size_t const n = pixels.image.size();
  by_octets(n, [&](std::size_t x, auto count) ISR_INLINE {
    OctetPixels p;
    if (source) {
      take(*source, n, x, count, p);
    } else {
      load(p.image, &pixels.image[x], count);
      load(p.variance, &pixels.variance[x], count);
      load(p.mask, &pixels.mask[x], count);
    }
    for (RowStep const& step : steps) {
      switch (step.kind) {
        case RowStep::Kind::subtract:
          subtract(step, x, count, p);
          combine(step, x, count, p);
          break;
        case RowStep::Kind::replace_variance:
          set_variance(step, false, bad, p);
          break;
        case RowStep::Kind::add_variance:
          set_variance(step, true, bad, p);
          break;
        case RowStep::Kind::no_variance:
          p.variance = Octet{};
          p.mask |= bad;
          break;
        case RowStep::Kind::divide:
          divide(step, x, count, bad, p);
          combine(step, x, count, p);
          break;
      }
    }
    store(p.image, &pixels.image[x], count);
    store(p.variance, &pixels.variance[x], count);
    store(p.mask, &pixels.mask[x], count);
  });
}

}  // namespace isr
