#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "almagest/amplifier.hpp"
#include "instrument/amplifier_cards.hpp"
#include "instrument/table_reader.hpp"

namespace almagest {

/// What camera.toml says of one amplifier: where its pixels stand in a file and in the assembled
/// frame, and its constants.
struct AmplifierRule {
  std::string name;
  std::variant<int, std::string> hdu = 0;  ///< by number, counted from 0, or EXTNAME
  SectionRule image;                       ///< of the HDU's image; default: all, or what its
                                           ///< sections take where amplifiers share an HDU
  SectionRule data;                        ///< default: the whole image
  SectionRule prescan;
  SectionRule serial_overscan;
  SectionRule parallel_overscan;
  SectionRule overscan;  ///< one of the two: what its place beside the data tells
  /// Columns and rows of the HDU's image where no file is at hand: what `*` means there.
  std::optional<std::pair<int, int>> raw_size;
  SectionRule box;  ///< in the assembled frame; default for a sole amplifier: all of it
  std::optional<bool> flip_x, flip_y;  ///< default: a box that runs backwards
  std::optional<ReadCorner> read_corner;
  CardNumber gain{{}, 1.0, 1.0};
  CardNumber read_noise{{}, 0.0, 1.0};
  CardNumber saturation{};
  CardNumber suspect{};
  bool saturation_in_electrons = false;
  Linearity linearity;

  std::string hdu_name() const;
};

/// Reads the keys of an amplifier's table over what the rule holds already.
void read_amplifier_keys(TableReader& table, AmplifierRule& rule, Problems& problems);

/// An amplifier's type of linearity by the word for it: "squared", "polynomial", "none" …; none
/// for an unknown word.
std::optional<Linearity::Type> linearity_type(std::string_view word);

/// What placing an amplifier needs to know of its surroundings.
struct AmplifierPlace {
  Box detector;             ///< of the assembled frame
  bool sole = false;        ///< the detector has no other amplifier
  bool shares_hdu = false;  ///< others' pixels are in the same HDU
};

/// An amplifier, and the part of the HDU's image that is its own. The amplifier's raw boxes are
/// regions of that part.
struct PlacedAmplifier {
  Amplifier amplifier;
  Box image;
};

/// The amplifier without a file: boxes and constants as far as camera.toml gives them; raw boxes
/// are empty where only a file's cards have them.
/// \throws ConfigError when sections contradict each other
PlacedAmplifier amplifier_without_file(AmplifierRule const& rule, AmplifierPlace const& place);

/// The amplifier as it stands in a file.
///
/// \param known   its constants as camera.toml and its tables give them
/// \param width   columns and rows of the HDU's image
/// \throws DataError naming the file and the section
PlacedAmplifier amplifier_of_file(AmplifierRule const& rule, AmplifierPlace const& place,
                                  Amplifier const& known, CardSource const& cards, int width,
                                  int height);

}  // namespace almagest
