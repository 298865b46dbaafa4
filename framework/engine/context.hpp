#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "almagest/instrument.hpp"
#include "almagest/task.hpp"
#include "engine/unit.hpp"

namespace almagest {

/// Puts the data ID before each message: quanta of many data IDs log at the same time.
class QuantumLog final : public Log {
 public:
  /// \param sink  may be nullptr: messages are dropped
  QuantumLog(Log* sink, DataId const& id) : sink_(sink), id_(id) {}
  void write(LogLevel level, std::string_view message) override;
  bool enabled(LogLevel level) const override { return sink_ && sink_->enabled(level); }

 private:
  Log* sink_;
  DataId const& id_;
};

/// A directory made at the first call and removed with everything in it at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() = default;
  ~ScratchDirectory();
  ScratchDirectory(ScratchDirectory const&) = delete;
  ScratchDirectory& operator=(ScratchDirectory const&) = delete;
  /// \throws DataError when it cannot be made
  std::filesystem::path const& path(std::filesystem::path const& root, std::string const& name);

 private:
  std::filesystem::path path_;
};

/// Where a gathering port finds its members.
using MembersOf = std::function<std::vector<GatheredItem const*> const&(int version)>;

/// What a step sees of its unit.
class QuantumContext final : public Context {
 public:
  struct Surroundings {
    Instrument const& instrument;
    Log* log;  ///< may be nullptr
    std::filesystem::path const& scratch_root;
    MembersOf const& members_of;
  };
  QuantumContext(Unit& unit, Step const& step, Surroundings const& surroundings,
                 std::stop_token stop);

  DataId const& id() const override { return unit_.id(); }
  Instrument const& instrument() const override { return surroundings_.instrument; }
  Log& log() override { return log_; }
  void parallel_for(std::size_t n, std::size_t grain,
                    std::function<void(std::size_t, std::size_t)> const& body) override;
  std::stop_token stop() const override { return stop_; }
  std::filesystem::path scratch() override;
  std::uint64_t seed() const override;

  /// \throws ProductError naming the output port that was not put
  void require_all_put() const;
  /// Fills as the task runs; all of the task's CPU time is added here too.
  std::vector<std::pair<MetricBase const*, Value>>& metrics() noexcept { return metrics_; }
  std::atomic<std::int64_t>& cpu_ns() noexcept { return cpu_ns_; }

 protected:
  AnyProduct const& product(Port const& port) override;
  bool last_reader(Port const& port) const override;
  AnyProduct surrender(Port const& port) override;
  std::vector<GatheredItem const*> const& members(Port const& port) override;
  void store(Port const& port, AnyProduct product) override;
  void record_metric(MetricBase const& metric, Value value) override;

 private:
  int version_of(Port const& port) const;

  Unit& unit_;
  Step const& step_;
  Surroundings surroundings_;
  std::stop_token stop_;
  QuantumLog log_;
  ScratchDirectory scratch_;
  mutable std::vector<bool> taken_;  // by port
  std::vector<std::pair<MetricBase const*, Value>> metrics_;
  std::atomic<std::int64_t> cpu_ns_{0};
};

}  // namespace almagest
