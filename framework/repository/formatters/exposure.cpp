#include "almagest/exposure.hpp"
#include "almagest/instrument.hpp"

#include <cmath>

#include "repository/formatters/aperture_correction_table.hpp"
#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/image_planes.hpp"
#include "repository/formatters/photo_calib_cards.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/psf_table.hpp"
#include "repository/formatters/wcs_in_header.hpp"

/// A primary HDU without data that holds what is known of the frame, then IMAGE, MASK and VARIANCE
/// with the WCS in each, then the tables PSF and APCORR where there are any.
namespace almagest {
namespace {

constexpr char const* psf_extension = "PSF";
constexpr char const* corrections_extension = "APCORR";

// ---- cards of the primary HDU

void set_number(Header& header, char const* name, double value, char const* comment) {
  if (!std::isnan(value)) header.set(name, value, comment);
}

void set_visit_info(Header& header, VisitInfo const& visit) {
  if (visit.exposure_id != 0)
    header.set("EXPID", visit.exposure_id, "the instrument's number of the exposure");
  set_number(header, "EXPTIME", visit.exposure_time_s, "[s] exposure time");
  set_number(header, "DARKTIME", visit.dark_time_s, "[s] dark current was collected");
  if (!std::isnan(visit.mid_exposure_mjd_tai)) {
    header.set("TIMESYS", std::string("TAI"), "time scale");
    header.set("MJD-AVG", visit.mid_exposure_mjd_tai, "[d] middle of the exposure");
  }
  set_number(header, "AIRMASS", visit.airmass, "airmass of the boresight");
  if (!std::isnan(visit.boresight.ra))
    set_angle(header, "BORERA", visit.boresight.ra, "boresight, right ascension");
  if (!std::isnan(visit.boresight.dec))
    set_angle(header, "BOREDE", visit.boresight.dec, "boresight, declination");
  set_number(header, "BOREROT", visit.rotation_deg, "[deg] rotation of the camera on the sky");
  if (!visit.band.empty()) header.set("FILTER", visit.band, "band");
  if (!visit.physical_filter.empty())
    header.set("PHYSFILT", visit.physical_filter, "physical filter");
  if (!visit.observation_type.empty())
    header.set("OBSTYPE", visit.observation_type, "kind of exposure");
}

VisitInfo visit_info_of(Header const& header) {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  VisitInfo visit;
  if (header.has("EXPID")) visit.exposure_id = header.integer("EXPID");
  visit.exposure_time_s = header.number_or("EXPTIME", unknown);
  visit.dark_time_s = header.number_or("DARKTIME", unknown);
  visit.mid_exposure_mjd_tai = header.number_or("MJD-AVG", unknown);
  visit.airmass = header.number_or("AIRMASS", unknown);
  visit.boresight = {angle_or_nan(header, "BORERA"), angle_or_nan(header, "BOREDE")};
  visit.rotation_deg = header.number_or("BOREROT", unknown);
  if (header.has("FILTER")) visit.band = header.text("FILTER");
  if (header.has("PHYSFILT")) visit.physical_filter = header.text("PHYSFILT");
  if (header.has("OBSTYPE")) visit.observation_type = header.text("OBSTYPE");
  return visit;
}

void set_detector(Header& header, Detector const& detector) {
  if (detector == Detector{}) return;
  header.set("DETNAME", detector.name, "detector");
  header.set("DETID", std::int64_t{detector.id}, "its number");
  header.set("DETX0", std::int64_t{detector.box.x0}, "its first column");
  header.set("DETY0", std::int64_t{detector.box.y0}, "its first row");
  header.set("DETNX", std::int64_t{detector.box.width}, "its columns");
  header.set("DETNY", std::int64_t{detector.box.height}, "its rows");
}

Detector detector_of(Header const& header) {
  if (!header.has("DETNAME")) return {};
  Detector detector;
  detector.name = header.text("DETNAME");
  detector.id = int_card(header, "DETID");
  detector.box = {int_card(header, "DETX0"), int_card(header, "DETY0"), int_card(header, "DETNX"),
                  int_card(header, "DETNY")};
  return detector;
}

/// The camera's own description, which has more than the cards hold.
Detector known_detector(Detector const& read, Instrument const* instrument) {
  if (instrument)
    for (Detector const& detector : instrument->detectors())
      if (detector.id == read.id && detector.name == read.name && detector.box == read.box)
        return detector;
  return read;
}

Header primary_header(Exposure const& exposure, Formatter::WriteRequest const& request) {
  DataId const& id = exposure.id.empty() ? request.id : exposure.id;
  Header header = product_header(ProductTraits<Exposure>::id, {id, request.options});
  set_visit_info(header, exposure.visit_info);
  set_detector(header, exposure.detector);
  if (exposure.photo_calib) set_photo_calib(header, *exposure.photo_calib);
  append_metadata(header, exposure.metadata);
  return header;
}

/// The format's own cards: those before the metadata, among which the same names may stand.
Header format_cards(Header const& header) {
  Header cards;
  cards.set_origin(header.origin());
  for (Header::Card const& card : header.cards()) {
    if (card.name == "METADATA") break;
    cards.append(card);
  }
  return cards;
}

// ---- the whole

std::string unit_of(Exposure const& exposure) {
  Value const* const unit = exposure.metadata.find("BUNIT");
  return unit ? to_string(*unit) : "adu";
}

void write(fits::Writer& writer, Exposure const& exposure, Formatter::WriteRequest const& request) {
  writer.primary(primary_header(exposure, request));
  Box const& box = exposure.bbox();
  Header const cards = exposure.wcs ? wcs_image_cards(*exposure.wcs, {box.x0, box.y0}) : Header();
  write_masked_image(writer, exposure.masked_image(), cards, unit_of(exposure), request.options);
  if (exposure.psf) writer.table(psf_extension, psf_table(exposure.psf->state()));
  if (!exposure.aperture_corrections.empty())
    writer.table(corrections_extension, aperture_correction_table(exposure.aperture_corrections));
}

Exposure read(fits::Reader& reader, Formatter::ReadRequest const& request,
              PsfFromState const& psf_from_state) {
  Exposure exposure(read_masked_image(reader, request.box));
  Header const primary = reader.header(0);
  Header const cards = format_cards(primary);
  exposure.id = data_id_of(cards);
  if (exposure.id.empty()) exposure.id = request.id;
  exposure.visit_info = visit_info_of(cards);
  exposure.detector = known_detector(detector_of(cards), request.instrument);
  exposure.photo_calib = photo_calib_of(cards);
  exposure.metadata = metadata_of(primary);
  exposure.metadata.set_origin(primary.origin());
  Header const image = reader.header(reader.require("IMAGE"));
  if (image.has("CTYPE1")) exposure.wcs = wcs_of_image(image, origin_of(image));
  if (auto const hdu = reader.find(psf_extension))
    exposure.psf = psf_from_state(psf_state(reader.table(*hdu)));
  if (auto const hdu = reader.find(corrections_extension))
    exposure.aperture_corrections = aperture_corrections_of(reader.table(*hdu));
  return exposure;
}

}  // namespace

std::shared_ptr<Formatter const> exposure_formatter(PsfFromState psf_from_state) {
  auto read_exposure = [make = std::move(psf_from_state)](fits::Reader& reader,
                                                          Formatter::ReadRequest const& request) {
    return read(reader, request, make);
  };
  return std::make_shared<FitsFormatter<Exposure>>(std::move(read_exposure), &write, Boxes::read);
}

}  // namespace almagest
