#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/header.hpp"

namespace almagest {

/// The headers of a raw file, for guessing what its camera is like.
class RawHeaders {
 public:
  explicit RawHeaders(std::vector<Header> headers);

  /// The HDUs that hold an image of two axes.
  std::vector<int> const& images() const noexcept { return images_; }
  Header const& header(int hdu) const { return headers_[static_cast<std::size_t>(hdu)]; }
  /// The value of a card in an image's HDU, the primary one or any other; nullptr without one.
  Value const* find(std::string_view card) const noexcept;

  enum class Kind { any, integer, number, text };
  /// The first of these cards that has a value of the kind, or "". Blank texts count as none.
  std::string first(std::span<std::string_view const> cards, Kind kind) const;

 private:
  std::vector<Header> headers_;
  std::vector<int> images_;
};

/// A text in quotes, the plain ones where they do.
std::string toml_text(std::string_view text);

/// A line of TOML and the comment behind it.
struct ProposedLine {
  std::string text;
  std::string comment;
};
using ProposedLines = std::vector<ProposedLine>;

/// The parts of a camera.toml as far as headers suggest them; what they do not tell stands there
/// with a comment that begins with "TODO".
ProposedLines proposed_properties(RawHeaders const& raw);
ProposedLines proposed_detectors(RawHeaders const& raw);

/// The text of a camera.toml, at most 60 lines.
/// \param origin  the file's name, for the comment on the first line
std::string proposed_camera(std::string const& name, RawHeaders const& raw,
                            std::string const& origin);

}  // namespace almagest
