#pragma once

#include "almagest/image.hpp"

namespace simulate {

/// What charge that is already there does to charge that arrives: the brighter-fatter effect.
///
/// With the field F = K ⊗ I, ½·I·ΔF electrons cross the face between two pixels, I being the mean
/// of both (Coulton et al. 2018, run forward). No charge is lost.
///
/// \param kernel  [1/electron], odd sides, centred
void push_charge(almagest::Image<float>& electrons, almagest::Image<double> const& kernel);

/// A kernel like that of a thick CCD, 17 × 17, for cameras that have none of their own.
almagest::Image<double> usual_repulsion();

}  // namespace simulate
