#include "almagest/measurement.hpp"

namespace almagest {

MeasurementAlgorithm::~MeasurementAlgorithm() = default;

}  // namespace almagest
