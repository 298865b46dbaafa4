#include "engine/context.hpp"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "engine/parallel.hpp"

namespace almagest {

namespace {

AnyProduct const nothing;

/// FNV-1a, 64 bits: the same number for the same text on every machine.
std::uint64_t hash_text(std::string_view text) noexcept {
  constexpr std::uint64_t offset_basis = 14695981039346656037U, prime = 1099511628211U;
  std::uint64_t hash = offset_basis;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return hash;
}

}  // namespace

void QuantumLog::write(LogLevel level, std::string_view message) {
  if (enabled(level)) sink_->write(level, id_.str().append(": ").append(message));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path const& ScratchDirectory::path(std::filesystem::path const& root,
                                                    std::string const& name) {
  if (!path_.empty()) return path_;
  std::filesystem::path const parent = root.empty() ? std::filesystem::temp_directory_path() : root;
  std::string made = (parent / ("almagest-" + name + "-XXXXXX")).string();
  if (!::mkdtemp(made.data()))
    throw DataError("cannot make a scratch directory in '" + parent.string() +
                    "': " + std::generic_category().message(errno));
  path_ = made;
  return path_;
}

QuantumContext::QuantumContext(Unit& unit, Step const& step, Surroundings const& surroundings,
                               std::stop_token stop)
    : unit_(unit),
      step_(step),
      surroundings_(surroundings),
      stop_(std::move(stop)),
      log_(surroundings.log, unit.id()) {}

void QuantumContext::parallel_for(std::size_t n, std::size_t grain,
                                  std::function<void(std::size_t, std::size_t)> const& body) {
  isolated_loop(n, grain, body, cpu_ns_);
}

std::filesystem::path QuantumContext::scratch() {
  return scratch_.path(surroundings_.scratch_root, step_.name);
}

std::uint64_t QuantumContext::seed() const {
  return hash_text(unit_.id().str());
}

int QuantumContext::version_of(Port const& port) const {
  auto const& ports = step_.task->ports();
  if (port.index() >= ports.size() || ports[port.index()] != &port)
    throw ProductError("port '" + port.name() + "' belongs to another task");
  return step_.versions[port.index()];
}

AnyProduct const& QuantumContext::product(Port const& port) {
  int const version = version_of(port);
  if (!taken_.empty() && taken_[port.index()])
    throw ProductError("input '" + port.name() + "' was taken already: its product is gone");
  int const visible = version < 0 ? -1 : unit_.visible(version);
  if (port.kind() == Port::Kind::maybe_in)
    return visible < 0 ? nothing : unit_.product_if_any(visible);
  if (visible < 0) throw ProductError("nobody writes input '" + port.name() + "'");
  return unit_.product(visible);
}

bool QuantumContext::last_reader(Port const& port) const {
  int const version = version_of(port);
  // Whether take() moves depends on who is faster, so reading after it fails in any case.
  taken_.resize(step_.task->ports().size());
  taken_[port.index()] = true;
  // A failure must leave the version before it as it was.
  if (step_.on_failure == OnFailure::keep_going) return false;
  // Another input of this task may show the same product.
  if (std::ranges::count_if(step_.task->ports(), [&](Port const* other) {
        int const v = step_.versions[other->index()];
        return other->is_input() && v >= 0 && unit_.visible(v) == unit_.visible(version);
      }) > 1)
    return false;
  return unit_.is_last_reader(unit_.visible(version));
}

AnyProduct QuantumContext::surrender(Port const& port) {
  return unit_.surrender(unit_.visible(version_of(port)));
}

std::vector<GatheredItem const*> const& QuantumContext::members(Port const& port) {
  return surroundings_.members_of(version_of(port));
}

void QuantumContext::store(Port const& port, AnyProduct product) {
  int const version = version_of(port);
  if (unit_.is_filled(version)) throw ProductError("output '" + port.name() + "' was put twice");
  unit_.fill(version, std::move(product));
}

void QuantumContext::record_metric(MetricBase const& metric, Value value) {
  auto const& known = step_.task->metrics();
  if (std::ranges::find(known, &metric) == known.end())
    throw ProductError("metric '" + metric.name() + "' belongs to another task");
  auto const earlier = std::ranges::find(metrics_, &metric, [](auto const& m) { return m.first; });
  if (earlier != metrics_.end())
    earlier->second = std::move(value);
  else
    metrics_.emplace_back(&metric, std::move(value));
}

void QuantumContext::require_all_put() const {
  for (Port const* port : step_.task->ports()) {
    int const version = step_.versions[port->index()];
    if (port->kind() == Port::Kind::out && version >= 0 && !unit_.is_filled(version))
      throw ProductError("output '" + port->name() + "' was not put");
  }
}

}  // namespace almagest
