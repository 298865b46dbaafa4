#include "readout.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "fast_random.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// The corner of the raw image where reading starts.
ReadCorner raw_corner(Amplifier const& a) {
  return flipped(a.read_corner, a.flip_x, a.flip_y);
}
bool reads_from_right(Amplifier const& a) {
  ReadCorner const corner = raw_corner(a);
  return corner == ReadCorner::lower_right || corner == ReadCorner::upper_right;
}
bool reads_from_top(Amplifier const& a) {
  ReadCorner const corner = raw_corner(a);
  return corner == ReadCorner::upper_left || corner == ReadCorner::upper_right;
}

/// The raw columns of data and overscan in the order in which they leave the register.
struct Register {
  int first = 0;  ///< column
  int step = 1;
  int count = 0;
  int before = 0;  ///< prescan pixels between the output and the first one

  explicit Register(Channel const& channel) {
    Box const& data = channel.amplifier.raw_data;
    Box const& over = channel.amplifier.raw_serial_overscan;
    bool const right = reads_from_right(channel.amplifier);
    step = right ? -1 : 1;
    first = right ? data.x1() : data.x0;
    count = data.width;
    if (!over.empty())
      count += right ? std::max(data.x0 - over.x0, 0) : std::max(over.x1() - data.x1(), 0);
    before = right ? channel.width - 1 - data.x1() : data.x0;
  }
};

double median_of_sample(std::vector<Image<float>> const& signals,
                        std::vector<Channel> const& channels) {
  std::vector<float> sample;
  for (std::size_t k = 0; k < signals.size(); ++k) {
    Box const& data = channels[k].amplifier.raw_data;
    for (int y = data.y0; y <= data.y1(); y += 7)
      for (int x = data.x0 + y % 5; x <= data.x1(); x += 5) sample.push_back(signals[k](x, y));
  }
  auto const middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
  std::ranges::nth_element(sample, middle);
  return static_cast<double>(*middle);
}

/// The bias of each row: slow waves, and what a just-started read-out still settles.
std::vector<float> row_drift(int rows, FastRandom& random) {
  std::vector<double> amplitude(3), phase(3), waves(3);
  for (std::size_t i = 0; i < 3; ++i) {
    amplitude[i] = 0.06 * random.normal();  // together some 0.07 adu rms, as measured (ISR 6.14)
    phase[i] = random.uniform(0.0, 2.0 * std::numbers::pi);
    waves[i] = random.uniform(0.5, 2.5);
  }
  double const start = random.uniform(1.0, 2.0);
  constexpr double settling_rows = 300.0;
  std::vector<float> drift;
  for (int y = 0; y < rows; ++y) {
    double value = start * std::exp(-y / settling_rows);
    for (std::size_t i = 0; i < 3; ++i)
      value += amplitude[i] * std::sin(2.0 * std::numbers::pi * waves[i] * y / rows + phase[i]);
    drift.push_back(static_cast<float>(value));
  }
  return drift;
}

}  // namespace

Readout::Readout(std::vector<Channel> channels, Electronics electronics, std::uint64_t stream)
    : channels_(std::move(channels)), electronics_(std::move(electronics)) {
  for (std::size_t k = 0; k < channels_.size(); ++k) {
    Channel const& channel = channels_[k];
    linearity_.emplace_back(
        electronics_.effects.has(Effect::nonlinearity) ? channel.amplifier.linearity : Linearity{},
        electronics_.largest);
    FastRandom random(stream, k);
    constexpr double column_rms = 0.5;  // [adu] (ISR document 6.14)
    std::vector<float> columns(static_cast<std::size_t>(channel.width), 0.0F);
    Box const& data = channel.amplifier.raw_data;
    if (electronics_.effects.has(Effect::bias_structure))
      for (int x = data.x0; x <= data.x1(); ++x)
        columns[static_cast<std::size_t>(x)] = static_cast<float>(column_rms * random.normal());
    columns_.push_back(std::move(columns));
  }
}

std::vector<Image<std::int32_t>> Readout::read(Image<float> const& electrons,
                                               std::uint64_t stream) const {
  Effects const& effects = electronics_.effects;
  std::vector<Image<float>> signals;
  for (std::size_t k = 0; k < channels_.size(); ++k) {
    Image<float> signal = collect(electrons, k);
    if (effects.has(Effect::cti)) leave_behind(signal, k);
    if (effects.has(Effect::deferred_charge)) remember(signal, k);
    if (!electronics_.crosstalk_first) bend(signal, k);
    signals.push_back(std::move(signal));
  }
  if (effects.has(Effect::crosstalk) && !electronics_.crosstalk.linear.empty()) mix(signals);
  std::vector<Image<std::int32_t>> numbers;
  for (std::size_t k = 0; k < channels_.size(); ++k) {
    if (electronics_.crosstalk_first) bend(signals[k], k);
    numbers.push_back(digitise(signals[k], k, stream));
    signals[k] = {};
  }
  return numbers;
}

Image<float> Readout::collect(Image<float> const& electrons, std::size_t k) const {
  Channel const& channel = channels_[k];
  Amplifier const& a = channel.amplifier;
  Image<float> signal(channel.width, channel.height);
  auto const per_electron = static_cast<float>(1.0 / a.gain);
  for (int y = 0; y < a.box.height; ++y) {
    int const row = a.flip_y ? a.box.height - 1 - y : y;
    auto const from = electrons.row(a.box.y0 - electrons.bbox().y0 + row)
                          .subspan(static_cast<std::size_t>(a.box.x0 - electrons.bbox().x0),
                                   static_cast<std::size_t>(a.box.width));
    auto const to =
        signal.row(a.raw_data.y0 + y).subspan(static_cast<std::size_t>(a.raw_data.x0), from.size());
    auto const scaled = [&](float value) { return value * per_electron; };
    if (a.flip_x)
      std::transform(from.rbegin(), from.rend(), to.begin(), scaled);
    else
      std::ranges::transform(from, to.begin(), scaled);
  }
  return signal;
}

void Readout::leave_behind(Image<float>& signal, std::size_t k) const {
  // A pixel is moved once more than those before it; what it loses, traps give to later ones.
  Electronics::Deferred const& deferred = electronics_.deferred[k];
  if (deferred.cti == 0.0) return;
  Register const order(channels_[k]);
  Box const& data = channels_[k].amplifier.raw_data;
  for (int y = data.y0; y <= data.y1(); ++y) {
    auto const row = signal.row(y);
    double trapped = 0.0;
    for (int n = 0; n < order.count; ++n) {
      float& pixel = row[static_cast<std::size_t>(order.first + n * order.step)];
      double const captured = deferred.cti * (order.before + n + 1) * static_cast<double>(pixel);
      double const released = deferred.release * trapped;
      pixel += static_cast<float>(released - captured);
      trapped += captured - released;
    }
  }
}

void Readout::remember(Image<float>& signal, std::size_t k) const {
  // The output node keeps the largest of what earlier pixels left in it.
  Electronics::Deferred const& deferred = electronics_.deferred[k];
  if (deferred.memory == 0.0) return;
  Register const order(channels_[k]);
  Box const& data = channels_[k].amplifier.raw_data;
  double const kept = std::exp(-1.0 / deferred.memory_decay);
  for (int y = data.y0; y <= data.y1(); ++y) {
    auto const row = signal.row(y);
    double memory = 0.0;
    for (int n = 0; n < order.count; ++n) {
      float& pixel = row[static_cast<std::size_t>(order.first + n * order.step)];
      double const arriving = static_cast<double>(pixel);
      memory *= kept;
      pixel += static_cast<float>(memory);
      memory = std::max(memory, deferred.memory * arriving);
    }
  }
}

void Readout::scale(std::vector<Image<float>>& signals, bool to_electrons) const {
  for (std::size_t k = 0; k < signals.size(); ++k) {
    double const gain = channels_[k].amplifier.gain;
    auto const factor = static_cast<float>(to_electrons ? gain : 1.0 / gain);
    for (float& value : signals[k].pixels()) value *= factor;
  }
}

void Readout::mix(std::vector<Image<float>>& signals) const {
  if (electronics_.crosstalk_in_electrons) scale(signals, true);
  std::vector<Image<float>> const sources = signals;
  Image<double> const& linear = electronics_.crosstalk.linear;
  Image<double> const& quadratic = electronics_.crosstalk.quadratic;
  auto const background = static_cast<float>(median_of_sample(sources, channels_));
  std::vector<float> line;
  for (int s = 0; s < linear.height(); ++s) {
    auto const from_channel = static_cast<std::size_t>(s);
    Channel const& source = channels_[from_channel];
    for (int t = 0; t < linear.width(); ++t) {
      auto const c = static_cast<float>(linear(t, s));
      auto const q = quadratic.empty() ? 0.0F : static_cast<float>(quadratic(t, s));
      if (c == 0.0F && q == 0.0F) continue;
      auto const to_channel = static_cast<std::size_t>(t);
      Channel const& target = channels_[to_channel];
      bool const mirrored_x =
          reads_from_right(source.amplifier) != reads_from_right(target.amplifier);
      bool const mirrored_y = reads_from_top(source.amplifier) != reads_from_top(target.amplifier);
      // Ghosts are of the light above the background, so overscans neither leave nor get any.
      Box const& lit = source.amplifier.raw_data;
      int const first = mirrored_x ? source.width - 1 - lit.x1() : lit.x0;
      int const last = std::min(first + lit.width, target.width) - 1;
      for (int row = lit.y0; row <= lit.y1(); ++row) {
        int const y = mirrored_y ? source.height - 1 - row : row;
        if (y >= target.height) continue;
        auto const from = sources[from_channel].row(row);
        if (mirrored_x)
          line.assign(from.rbegin(), from.rend());
        else
          line.assign(from.begin(), from.end());
        auto const to = signals[to_channel].row(y);
        for (auto x = static_cast<std::size_t>(first); x <= static_cast<std::size_t>(last); ++x) {
          float const over = line[x] - background;
          to[x] += over * (c + q * over);
        }
      }
    }
  }
  if (electronics_.crosstalk_in_electrons) scale(signals, false);
}

void Readout::bend(Image<float>& signal, std::size_t k) const {
  if (!linearity_[k].active()) return;
  for (float& value : signal.pixels())
    value = static_cast<float>(linearity_[k].shown(static_cast<double>(value)));
}

Image<std::int32_t> Readout::digitise(Image<float> const& signal, std::size_t k,
                                      std::uint64_t stream) const {
  Channel const& channel = channels_[k];
  Effects const& effects = electronics_.effects;
  std::uint64_t const own = stream + 0x9e3779b97f4a7c15 * (k + 1);
  FastRandom frame(own, 1U << 24);
  double level = electronics_.bias[k];
  if (effects.has(Effect::bias_structure)) level += 2.0 * frame.normal();  // frame to frame
  std::vector<float> drift(static_cast<std::size_t>(channel.height), 0.0F);
  if (effects.has(Effect::overscan_drift)) {
    drift = row_drift(channel.height, frame);
    if (reads_from_top(channel.amplifier)) std::ranges::reverse(drift);
  }
  auto const noise = static_cast<float>(
      effects.has(Effect::read_noise) ? electronics_.read_noise[k] / channel.amplifier.gain : 0.0);
  auto const highest = static_cast<float>(electronics_.largest);

  auto numbers = Image<std::int32_t>::uninitialised({0, 0, channel.width, channel.height});
  for (int y = 0; y < channel.height; ++y) {
    FastRandom random(own, static_cast<std::uint64_t>(y));
    auto const from = signal.row(y);
    auto const to = numbers.row(y);
    float const base = static_cast<float>(level) + drift[static_cast<std::size_t>(y)] + 0.5F;
    for (std::size_t x = 0; x < from.size(); ++x) {
      float value = base + columns_[k][x] + from[x];
      if (noise > 0.0F) value += noise * static_cast<float>(random.normal());
      to[x] = static_cast<std::int32_t>(std::clamp(value, 0.0F, highest));
    }
  }
  return numbers;
}

}  // namespace simulate
