#pragma once

#include <cstddef>

#include "almagest/task.hpp"

namespace isr {

/// Calls body(first, end) for all rows of a frame, on idle threads too. What it writes must belong
/// to the frame alone.
template <class Body>
void run_rows(almagest::Context& context, int height, Body const& body) {
  constexpr std::size_t rows_at_once = 64;
  context.parallel_for(static_cast<std::size_t>(height), rows_at_once,
                       [&](std::size_t begin, std::size_t end) {
                         body(static_cast<int>(begin), static_cast<int>(end));
                       });
}

}  // namespace isr
