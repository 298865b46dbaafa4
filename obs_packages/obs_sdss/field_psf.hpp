#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "almagest/formatter.hpp"
#include "almagest/product.hpp"
#include "almagest/psf.hpp"

namespace obs_sdss {

/// One filter's PSF of an SDSS field (psField): eigenimages times polynomials of the position.
struct FieldPsf {
  std::shared_ptr<almagest::Psf const> psf;
};

/// Reads the Karhunen–Loève table (science document, section 1): the central 31 × 31 pixels of the
/// eigenimages, as a KernelPsf.
///
/// \throws NotFoundError; DataError for a missing filter, an empty or broken table, naming the file
FieldPsf read_field_psf(std::filesystem::path const& path,
                        almagest::Formatter::ReadRequest const& request);

}  // namespace obs_sdss

template <>
struct almagest::ProductTraits<obs_sdss::FieldPsf> {
  static constexpr std::string_view id = "obs_sdss.FieldPsf/1";
};
