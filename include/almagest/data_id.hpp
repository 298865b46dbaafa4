#pragma once

#include <compare>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/value.hpp"

namespace almagest {

/// The keys that name one frame or one group of frames, in the order the instrument declares them.
///
/// SDSS: `run, camcol, field, filter`; HSC: `visit, ccd`. A group's ID holds the values of its
/// `per` keys.
class DataId {
 public:
  using Item = std::pair<std::string, Value>;

  DataId() = default;
  DataId(std::initializer_list<Item> items) : items_(items) {}
  explicit DataId(std::vector<Item> items) : items_(std::move(items)) {}

  std::vector<Item> const& items() const noexcept { return items_; }
  bool empty() const noexcept { return items_.empty(); }

  /// \returns the value of a key, or nullptr
  Value const* find(std::string_view key) const noexcept;

  /// \throws DataError when the key is absent; the message names the key and the data ID
  Value const& at(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  std::string const& text(std::string_view key) const;

  /// Replaces the value of a key, or appends the key.
  void set(std::string_view key, Value value);

  /// `run=4192 camcol=4 field=300 filter=r`
  std::string str() const;

  bool operator==(DataId const&) const = default;
  auto operator<=>(DataId const&) const = default;

 private:
  std::vector<Item> items_;
};

}  // namespace almagest
