#include "repository/formatters/standard_products.hpp"

#include "almagest/amplifier_table.hpp"
#include "almagest/background.hpp"
#include "almagest/calibrations.hpp"
#include "almagest/picture.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/reference_catalog.hpp"
#include "repository/formatters/formatters.hpp"

namespace almagest {

void register_standard_products(Registrar& registrar, PsfFromState psf_from_state) {
  registrar.product<Exposure>("Image, mask and variance with all that is known of the frame",
                              exposure_formatter(psf_from_state));
  registrar.product<MaskedImage>("Image, mask and variance", masked_image_formatter());
  registrar.product<Image<float>>("Plane of 32-bit floats", float_image_formatter());
  registrar.product<Image<std::uint16_t>>("Plane of unsigned 16-bit integers",
                                          uint16_image_formatter());
  registrar.product<Mask>("Bit planes with names", mask_formatter());
  registrar.product<SourceCatalog>("Table of sources with their footprints",
                                   source_catalog_formatter());
  registrar.product<FootprintSet>("Pixels and peaks of detections", footprint_set_formatter());
  registrar.product<Background>("Sky models that were subtracted", background_formatter());
  registrar.product<ApertureCorrectionMap>("Aperture corrections by flux algorithm",
                                           aperture_correction_map_formatter());
  registrar.product<Matches>("Sources and the reference objects that they are",
                             matches_formatter());
  registrar.product<ReferenceCatalog>("Stars of known place and flux, asked for by region");
  registrar.product<Wcs>("World coordinates", wcs_formatter());
  registrar.product<std::shared_ptr<Psf const>>("Point-spread function",
                                                psf_formatter(std::move(psf_from_state)));
  registrar.product<PhotoCalib>("Photometric calibration", photo_calib_formatter());
  registrar.product<Header>("Header cards", header_formatter());
  registrar.product<RawExposure>("Frame as it was read out, an image per amplifier",
                                 raw_exposure_formatter());
  registrar.product<Defects>("Rectangles of bad pixels", defects_formatter());
  registrar.product<Crosstalk>("How amplifiers' signals show in each other", crosstalk_formatter());
  registrar.product<LinearityTable>("How amplifiers depart from a straight line",
                                    linearity_table_formatter());
  registrar.product<BrighterFatterKernel>("How charge pushes away charge",
                                          brighter_fatter_kernel_formatter());
  registrar.product<AmplifierTable>("Numbers of amplifiers, which stand above the camera's",
                                    amplifier_table_formatter());
  registrar.product<Picture>("Picture to look at", picture_formatter());
  registrar.psf(std::string(KernelPsf::type), &KernelPsf::from_state);
  registrar.psf(std::string(GaussianPsf::type), &GaussianPsf::from_state);
}

}  // namespace almagest
