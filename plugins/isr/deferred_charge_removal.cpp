#include "deferred_charge_removal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "almagest/error.hpp"

#include "octets.hpp"

namespace isr {
namespace {
using namespace almagest;

// ISR document 4.2: the output's memory is j < 15, the traps' 6 pixels.
constexpr std::size_t drift_memory = 14;
constexpr std::size_t trap_memory = 6;
constexpr std::size_t margin = 16;  // zeros before the first pixel, at least the longest memory

void require(bool good, std::string const& amplifier, char const* name, double value,
             char const* wanted) {
  if (!good)
    throw DataError("amplifier '" + amplifier + "': deferred charge: " + name + " is " +
                    std::to_string(value) + ", want " + wanted);
}

/// Which pixels of a row the charge comes to, in the order of read-out.
struct ReadOut {
  int data_begin;   ///< transfers of the first data pixel, less 1
  int data_end;     ///< before the first pixel behind the data
  int end;          ///< of the serial overscan; data_end when there is none behind the data
  bool from_right;  ///< the raw image's last column is read first
};

ReadOut read_out_of(Image<float> const& raw, Amplifier const& amplifier) {
  ReadCorner const corner = flipped(amplifier.read_corner, amplifier.flip_x, amplifier.flip_y);
  bool const from_right = corner == ReadCorner::lower_right || corner == ReadCorner::upper_right;
  auto const place = [&](Box const& box) {
    return from_right ? raw.width() - box.x0 - box.width : box.x0;
  };
  Box const& data = amplifier.raw_data;
  Box const& overscan = amplifier.raw_serial_overscan;
  int const data_begin = place(data);
  int const data_end = data_begin + data.width;
  bool const behind = !overscan.empty() && place(overscan) >= data_end;
  int const end = behind ? place(overscan) + overscan.width : data_end;
  if (data.empty() || data_begin < 0 || end > raw.width() || data.y0 < 0 ||
      data.y1() >= raw.height())
    throw DataError("amplifier '" + amplifier.name +
                    "': deferred charge: its sections are not inside the raw image");
  return {data_begin, data_end, end, from_right};
}

/// The factors by which traps release what they caught j = 1 … 6 pixels before; they add up to 1.
std::array<float, trap_memory> release_weights(double release) {
  std::array<float, trap_memory> weights{};
  double const kept = 1.0 - std::pow(1.0 - release, static_cast<double>(trap_memory));
  for (std::size_t j = 0; j < trap_memory; ++j)
    weights[j] =
        static_cast<float>(release * std::pow(1.0 - release, static_cast<double>(j)) / kept);
  return weights;
}

std::array<float, drift_memory> drift_weights(double scale, double length) {
  std::array<float, drift_memory> weights{};
  for (std::size_t j = 0; j < drift_memory; ++j)
    weights[j] = static_cast<float>(scale * std::exp(-static_cast<double>(j + 1) / length));
  return weights;
}

/// A row in the order of read-out, with zeros before it.
struct Row {
  explicit Row(std::size_t length) : signal(margin + length), charge(margin + length) {}
  std::vector<float> signal;
  /// Of the data pixels, with NaN as 0; 0 behind them.
  std::vector<float> charge;
};

/// signal −= max_j weight_j·charge(n − j), nothing where that is negative.
void subtract_drift(Row& row, std::array<float, drift_memory> const& weights) {
  float const* const charge = &row.charge[margin];
  float* const signal = &row.signal[margin];
  by_octets(row.signal.size() - margin, [=, &weights](std::size_t i, auto count) ISR_INLINE {
    Octet most{}, v;
    for (std::size_t j = 1; j <= drift_memory; ++j) {
      Octet earlier;
      load(earlier, charge + i - j, count);
      earlier *= weights[j - 1];
      most = earlier > most ? earlier : most;
    }
    load(v, signal + i, count);
    v -= most;
    store(v, signal + i, count);
  });
}

/// signal −= released − captured. \param charge  captured from each pixel
void give_back(Row& row, std::array<float, trap_memory> const& weights) {
  float const* const charge = &row.charge[margin];
  float* const signal = &row.signal[margin];
  by_octets(row.signal.size() - margin, [=, &weights](std::size_t i, auto count) ISR_INLINE {
    Octet sum, v;
    load(sum, charge + i, count);
    for (std::size_t j = 1; j <= trap_memory; ++j) {
      Octet earlier;
      load(earlier, charge + i - j, count);
      sum -= weights[j - 1] * earlier;
    }
    load(v, signal + i, count);
    v += sum;
    store(v, signal + i, count);
  });
}

/// The charge of the data pixels (NaN is none), each times its factor.
void set_charge(Row& row, std::span<float const> factors) {
  float const* const signal = &row.signal[margin];
  float* const charge = &row.charge[margin];
  by_octets(factors.size(), [=](std::size_t i, auto count) ISR_INLINE {
    Octet v, factor;
    load(v, signal + i, count);
    load(factor, &factors[i], count);
    v *= factor;
    v = v - v == 0.0F ? v : Octet{};
    store(v, charge + i, count);
  });
}

/// A row's pixels in the order of read-out, and back. \param first  array index of the first one
void copy_row(float const* first, bool from_right, std::span<float> to) {
  if (from_right)
    for (float& v : to) v = *first--;
  else
    std::copy_n(first, to.size(), to.begin());
}
void copy_row(std::span<float const> from, bool from_right, float* first) {
  if (from_right)
    for (float const v : from) *first-- = v;
  else
    std::ranges::copy(from, first);
}

}  // namespace

void DeferredCharge::require_valid(std::string const& amplifier) const {
  require(cti >= 0.0 && cti <= 1e-3, amplifier, "cti", cti, "0..0.001");
  require(cti_release > 0.0 && cti_release <= 1.0, amplifier, "cti_release", cti_release,
          "more than 0, at most 1");
  require(drift_scale >= 0.0 && drift_scale <= 0.1, amplifier, "drift_scale", drift_scale,
          "0..0.1");
  require(drift_length > 0.0 && drift_length <= 1e4, amplifier, "drift_length", drift_length,
          "more than 0, at most 10000");
}

void remove_deferred_charge(Image<float>& raw, Amplifier const& amplifier,
                            DeferredCharge const& parameters, int begin, int end) {
  ReadOut const way = read_out_of(raw, amplifier);
  auto const data = static_cast<std::size_t>(way.data_end - way.data_begin);
  auto const length = static_cast<std::size_t>(way.end - way.data_begin);
  auto const drift = drift_weights(parameters.drift_scale, parameters.drift_length);
  auto const release = release_weights(parameters.cti_release);
  std::vector<float> captured(data);  // fraction of each data pixel
  for (std::size_t i = 0; i < data; ++i)
    captured[i] =
        static_cast<float>(parameters.cti * (way.data_begin + static_cast<double>(i) + 1.0));
  std::vector<float> const ones(data, 1.0F);

  Row row(length);
  std::span<float> const signal = std::span(row.signal).subspan(margin);
  for (int y = begin; y < end; ++y) {
    float* const first = raw.row(amplifier.raw_data.y0 + y).data() +
                         (way.from_right ? raw.width() - 1 - way.data_begin : way.data_begin);
    copy_row(first, way.from_right, signal);
    if (parameters.drift_scale > 0.0) {
      set_charge(row, ones);
      subtract_drift(row, drift);
    }
    if (parameters.cti > 0.0) {
      set_charge(row, captured);
      give_back(row, release);
    }
    copy_row(signal, way.from_right, first);
  }
}

}  // namespace isr
