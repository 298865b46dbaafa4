#include "almagest/measurement.hpp"

namespace almagest {

MeasurementAlgorithm::~MeasurementAlgorithm() = default;

void MeasurementAlgorithm::measure_in_family(SourceRecord&) const {}

}  // namespace almagest
