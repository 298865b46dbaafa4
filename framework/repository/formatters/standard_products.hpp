#pragma once

#include <functional>
#include <memory>

#include "almagest/plugin.hpp"
#include "almagest/psf.hpp"

namespace almagest {

/// Rebuilds a PSF from what a file holds: an UnknownPsf when no plugin knows its type.
using PsfFromState = std::function<std::shared_ptr<Psf const>(PsfState const&)>;

/// Registers the framework's own products with their FITS formatters, and its PSF types.
///
/// \param psf_from_state  asked whenever a stored PSF is read, so that PSF types of plugins that
///                        are registered later are known too
void register_standard_products(Registrar& registrar, PsfFromState psf_from_state);

}  // namespace almagest
