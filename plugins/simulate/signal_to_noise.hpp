#pragma once

#include "almagest/image.hpp"
#include "filters.hpp"

namespace simulate {

/// Signal to noise of the best linear fit of an object's own profile, √Σ light² / variance, where
/// variance = (sky + light) / gain + dark variance.
///
/// \param light  the object's counts [adu]
/// \param sky    [adu per pixel]
double signal_to_noise(almagest::Image<double> const& light, double sky,
                       FilterProperties const& filter);

/// The flux [adu] at which an object has that signal to noise.
///
/// \param profile  the object with flux 1
double flux_of_signal_to_noise(almagest::Image<double> const& profile, double signal_to_noise,
                               double sky, FilterProperties const& filter);

}  // namespace simulate
