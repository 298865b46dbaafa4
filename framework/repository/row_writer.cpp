#include "repository/row_writer.hpp"

#include <chrono>
#include <iterator>

#include "repository/atomic_file.hpp"

namespace almagest {
namespace {

constexpr std::chrono::milliseconds longest_wait{100};
constexpr std::size_t batch_size = 500;

}  // namespace

RowWriter::RowWriter(Registry& registry, std::int64_t rerun, std::filesystem::path directory)
    : registry_(registry), rerun_(rerun), directory_(std::move(directory)) {}

RowWriter::~RowWriter() {
  try {
    finish();
  } catch (Error const&) {  // finish() has said it to whoever asked
  }
}

void RowWriter::add(std::vector<RegistryChange> changes) {
  std::scoped_lock const lock(mutex_);
  raise_failure();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  std::ranges::move(changes, std::back_inserter(queue_));
  if (queue_.size() >= batch_size) wake_.notify_one();
}

void RowWriter::announce(DatasetRow const& row) {
  std::scoped_lock const lock(mutex_);
  announced_[{row.type, row.data_id}] = row.provenance;
}

std::optional<std::string> RowWriter::announced(std::string const& type,
                                                std::string const& data_id) const {
  std::scoped_lock const lock(mutex_);
  auto const found = announced_.find({type, data_id});
  return found == announced_.end() ? std::nullopt : std::optional(found->second);
}

void RowWriter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !queue_.empty()) {
    // Woken early only by a full batch or the end: rows wait for each other, not work for rows.
    wake_.wait_for(lock, longest_wait, [&] { return stopping_ || queue_.size() >= batch_size; });
    if (queue_.empty()) continue;
    std::vector<RegistryChange> const batch = std::exchange(queue_, {});
    lock.unlock();
    std::string failure;
    try {
      commit(batch);
    } catch (std::exception const& error) {
      failure = error.what();
    }
    lock.lock();
    if (!failure.empty() && failure_.empty()) failure_ = failure;
    for (RegistryChange const& change : batch)
      if (auto const* row = std::get_if<DatasetRow>(&change)) {
        auto const known = announced_.find({row->type, row->data_id});
        if (known != announced_.end() && known->second == row->provenance) announced_.erase(known);
      }
  }
}

void RowWriter::commit(std::vector<RegistryChange> const& batch) {
  std::set<std::filesystem::path> directories;
  for (RegistryChange const& change : batch)
    if (auto const* row = std::get_if<DatasetRow>(&change))
      directories.insert((directory_ / row->path).parent_path());
  for (std::filesystem::path const& directory : directories) flush_directory(directory);
  registry_.commit(rerun_, batch);
  for (RegistryChange const& change : batch)
    if (auto const* removed = std::get_if<DatasetRemoved>(&change)) {
      std::error_code ignored;  // gone already
      std::filesystem::remove(removed->file, ignored);
    }
}

void RowWriter::raise_failure() const {
  if (!failure_.empty()) throw DataError("cannot record what was stored: " + failure_);
}

void RowWriter::finish() {
  {
    std::scoped_lock const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  raise_failure();
}

}  // namespace almagest
