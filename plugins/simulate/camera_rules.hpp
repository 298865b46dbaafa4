#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/value.hpp"

namespace simulate {

/// A rule of camera.toml's [header] in the other direction: which card to write for a property.
struct CardRule {
  std::string property;
  std::string card;
  std::string second_card;  ///< of a time in two cards: date and time of day
  enum class Form { plain, hours, degrees, radians, time } form = Form::plain;
  std::optional<bool> as_text;  ///< `type`
  bool upper_case = false;      ///< the translation makes it lower case
  double scale = 1.0;           ///< value = card × scale + offset
  double offset = 0.0;
  /// What the card says, and what that means; the first that fits is written.
  std::vector<std::pair<std::string, std::string>> map;
};

/// Where camera.toml says that an amplifier's pixels stand.
struct AmplifierFileRule {
  std::variant<int, std::string> hdu = 0;  ///< number or EXTNAME
  std::optional<almagest::Pixel> data;     ///< first pixel of the data in the HDU, when declared
  /// Cards to write: of a section ("DATASEC"), or of its four edges.
  struct Section {
    std::vector<std::string> cards;
  };
  Section image, data_cards, prescan, serial_overscan, parallel_overscan, overscan;
  std::string gain, read_noise, saturation;  ///< cards, or ""
  int width = 0, height = 0;                 ///< of the HDU's image, when declared
};

/// What camera.toml says of raw files as far as it can be turned about. The framework's instrument
/// keeps these rules to itself, so the file is read here again.
class CameraRules {
 public:
  /// \throws ConfigError for a file that cannot be read
  explicit CameraRules(std::filesystem::path const& camera_toml);
  ~CameraRules();
  CameraRules(CameraRules&&) noexcept;

  /// Card values by which the camera is recognised.
  std::vector<std::pair<std::string, std::string>> const& match() const noexcept { return match_; }
  std::vector<CardRule> const& cards() const noexcept { return cards_; }
  CardRule const* find(std::string_view property) const noexcept;
  AmplifierFileRule amplifier(int detector, std::string const& detector_name,
                              std::string const& vendor, std::string const& amplifier) const;

 private:
  struct Document;
  void read_match();
  void read_header();
  std::unique_ptr<Document> document_;
  std::vector<std::pair<std::string, std::string>> match_;
  std::vector<CardRule> cards_;
};

/// The value of the rule's card for a property's value. An angle is in degrees, a time an MJD.
almagest::Value card_value(CardRule const& rule, almagest::Value const& value);

}  // namespace simulate
