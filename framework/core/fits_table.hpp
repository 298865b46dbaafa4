#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "almagest/fits.hpp"
#include "fits_output.hpp"
#include "fits_structure.hpp"

namespace almagest::fits {

/// How a column lies in the rows of a binary table: what its TFORM says.
struct ColumnLayout {
  char type = ' ';          ///< of TFORM; for a variable-length array 'P' or 'Q'
  char element_type = ' ';  ///< of the values: that of the arrays' elements for 'P' and 'Q'
  std::int64_t repeat = 1;
  std::int64_t offset = 0;  ///< of the column in a row [byte]
  std::int64_t width = 0;   ///< in a row [byte]
};

/// The columns of a table HDU. \throws DataError for a malformed TFORM, or when the widths do not
/// add up to NAXIS1
std::vector<ColumnLayout> column_layouts(Hdu const& hdu);

/// Where the heap of variable-length arrays lies within the data. \throws DataError when THEAP
/// points into the rows or beyond the data
struct Heap {
  std::int64_t offset = 0;
  std::int64_t size = 0;
};
Heap heap_of(Hdu const& hdu);

/// One variable-length array in the heap.
struct ArrayDescriptor {
  std::int64_t length = 0;  ///< elements
  std::int64_t offset = 0;  ///< from the heap's beginning [byte]
};

/// The descriptors of a 'P' or 'Q' column, row by row. \throws DataError when an array is not
/// inside the heap, or all of them together are larger than it
std::vector<ArrayDescriptor> array_descriptors(Hdu const& hdu, ColumnLayout const& column,
                                               std::span<std::byte const> data);

/// Reads all columns. \param data  the HDU's data
Table decode_table(Hdu const& hdu, std::span<std::byte const> data);

/// The table as it stands in a file. \throws DataError when a column has another number of values
/// than rows × repeat
EncodedHdu encode_table(Table const& table);

}  // namespace almagest::fits
