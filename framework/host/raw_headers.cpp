#include "host/camera_proposal.hpp"

#include <algorithm>

#include "almagest/config_value.hpp"

namespace almagest {

namespace {

bool is_image(Header const& header) {
  Value const* const axes = header.find("NAXIS");
  Value const* const width = header.find("NAXIS1");
  return axes && *axes == Value(std::int64_t{2}) && width && *width != Value(std::int64_t{0});
}

bool is_of(RawHeaders::Kind kind, Value const& value) {
  auto const* const text = std::get_if<std::string>(&value);
  switch (kind) {
    case RawHeaders::Kind::any:
      break;
    case RawHeaders::Kind::integer:
      return std::holds_alternative<std::int64_t>(value);
    case RawHeaders::Kind::number:
      return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
    case RawHeaders::Kind::text:
      return text && text->find_first_not_of(' ') != std::string::npos;
  }
  return !text || text->find_first_not_of(' ') != std::string::npos;
}

}  // namespace

RawHeaders::RawHeaders(std::vector<Header> headers) : headers_(std::move(headers)) {
  for (std::size_t hdu = 0; hdu < headers_.size(); ++hdu)
    if (is_image(headers_[hdu])) images_.push_back(static_cast<int>(hdu));
}

Value const* RawHeaders::find(std::string_view card) const noexcept {
  for (Header const& header : headers_)
    if (Value const* value = header.find(card)) return value;
  return nullptr;
}

std::string RawHeaders::first(std::span<std::string_view const> cards, Kind kind) const {
  for (std::string_view const card : cards)
    if (Value const* value = find(card); value && is_of(kind, *value)) return std::string(card);
  return {};
}

std::string toml_text(std::string_view text) {
  bool const plain = std::ranges::all_of(
      text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  return plain ? '"' + std::string(text) + '"' : to_toml(ConfigValue(std::string(text)));
}

}  // namespace almagest
