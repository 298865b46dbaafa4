#include "almagest/data_id.hpp"

#include <algorithm>

#include "almagest/error.hpp"

namespace almagest {
namespace {

template <class T>
T const& typed(DataId const& id, std::string_view key, char const* wanted) {
  Value const& value = id.at(key);
  if (T const* v = std::get_if<T>(&value)) return *v;
  throw DataError("key '" + std::string(key) + "' of data ID '" + id.str() + "' wants " + wanted +
                  ", got " + type_name(value));
}

}  // namespace

Value const* DataId::find(std::string_view key) const noexcept {
  auto const found = std::ranges::find(items_, key, &Item::first);
  return found == items_.end() ? nullptr : &found->second;
}

Value const& DataId::at(std::string_view key) const {
  if (Value const* value = find(key)) return *value;
  throw DataError("data ID '" + str() + "' has no key '" + std::string(key) + "'");
}

std::int64_t DataId::integer(std::string_view key) const {
  return typed<std::int64_t>(*this, key, "integer");
}

std::string const& DataId::text(std::string_view key) const {
  return typed<std::string>(*this, key, "string");
}

void DataId::set(std::string_view key, Value value) {
  auto const found = std::ranges::find(items_, key, &Item::first);
  if (found != items_.end())
    found->second = std::move(value);
  else
    items_.emplace_back(key, std::move(value));
}

std::string DataId::str() const {
  std::string text;
  for (auto const& [key, value] : items_) {
    if (!text.empty()) text += ' ';
    text += key + '=' + to_string(value);
  }
  return text;
}

}  // namespace almagest
