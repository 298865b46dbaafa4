#include "assemble.hpp"

#include <utility>

#include "assembly.hpp"
#include "pixel_pass.hpp"
#include "run_rows.hpp"

namespace isr {
using namespace almagest;

Outcome Assemble::run(Context& context) const {
  RawExposure const raw = context.take(input);  // whose memory the next frame can have
  Exposure exposure = frame_of(raw);
  Assembly const assembly(raw, exposure.mask());
  PixelPass pass(exposure.masked_image(), exposure.detector);
  pass.assemble(assembly);
  run_rows(context, exposure.bbox().height, [&](int first, int end) { pass.run(first, end); });
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr
