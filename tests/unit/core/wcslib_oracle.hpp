#pragma once

#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <variant>

#include <wcslib/wcs.h>
#include <wcslib/wcshdr.h>

#include "almagest/header.hpp"
#include "almagest/wcs.hpp"

namespace almagest::test {

/// wcslib's view of a header: the independent implementation that our WCS is compared with.
class WcslibOracle {
 public:
  explicit WcslibOracle(Header const& header) {
    std::string text;
    for (Header::Card const& card : header.cards()) text += line(card);
    text += std::string("END") + std::string(77, ' ');
    int rejected = 0;
    if (wcspih(text.data(), static_cast<int>(text.size() / 80), WCSHDR_all, 0, &rejected, &count_,
               &wcs_) != 0 ||
        count_ != 1 || wcsset(wcs_) != 0) {
      throw std::runtime_error("wcslib refuses the header");
    }
  }
  WcslibOracle(WcslibOracle const&) = delete;
  WcslibOracle& operator=(WcslibOracle const&) = delete;
  ~WcslibOracle() { wcsvfree(&count_, &wcs_); }

  SkyPoint pixel_to_sky(Point pixel) {
    std::array<double, 2> const in{pixel.x + 1.0, pixel.y + 1.0};
    std::array<double, 2> plane{};
    std::array<double, 2> world{};
    double phi = 0.0;
    double theta = 0.0;
    int status = 0;
    if (wcsp2s(wcs_, 1, 2, in.data(), plane.data(), &phi, &theta, world.data(), &status) != 0) {
      throw std::runtime_error("wcsp2s failed");
    }
    return {world[static_cast<std::size_t>(wcs_->lng)] * radians_per_degree,
            world[static_cast<std::size_t>(wcs_->lat)] * radians_per_degree};
  }

  Point sky_to_pixel(SkyPoint sky) {
    std::array<double, 2> world{};
    world[static_cast<std::size_t>(wcs_->lng)] = sky.ra / radians_per_degree;
    world[static_cast<std::size_t>(wcs_->lat)] = sky.dec / radians_per_degree;
    std::array<double, 2> plane{};
    std::array<double, 2> out{};
    double phi = 0.0;
    double theta = 0.0;
    int status = 0;
    if (wcss2p(wcs_, 1, 2, world.data(), &phi, &theta, plane.data(), out.data(), &status) != 0) {
      throw std::runtime_error("wcss2p failed");
    }
    return {out[0] - 1.0, out[1] - 1.0};
  }

 private:
  static std::string line(Header::Card const& card) {
    std::array<char, 81> buffer{};
    if (!card.value) return {};
    if (auto const* number = std::get_if<double>(&*card.value)) {
      std::snprintf(buffer.data(), buffer.size(), "%-8s= %24.17E", card.name.c_str(), *number);
    } else if (auto const* integer = std::get_if<std::int64_t>(&*card.value)) {
      std::snprintf(buffer.data(), buffer.size(), "%-8s= %20lld", card.name.c_str(),
                    static_cast<long long>(*integer));
    } else if (auto const* text = std::get_if<std::string>(&*card.value)) {
      std::snprintf(buffer.data(), buffer.size(), "%-8s= '%s'", card.name.c_str(), text->c_str());
    } else {
      return {};
    }
    std::string result = buffer.data();
    result.resize(80, ' ');
    return result;
  }

  int count_ = 0;
  wcsprm* wcs_ = nullptr;
};

}  // namespace almagest::test
