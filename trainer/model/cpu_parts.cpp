#include "trainer/model/cpu_parts.h"

#include "trainer/model/float_buffer.h"

namespace temper::model {
namespace {

constexpr std::int64_t kRowsUncut = 1024;
constexpr std::int64_t kRowsOfPart = 512;

}  // namespace

Parts cut(std::int64_t size, std::int64_t count) {
  const std::int64_t even = (size + count - 1) / std::max<std::int64_t>(count, 1);
  const auto part_size = std::max<std::int64_t>(
      static_cast<std::int64_t>(align_floats(static_cast<std::size_t>(even))), 1);
  return {size, std::max<std::int64_t>((size + part_size - 1) / part_size, 1), part_size};
}

Parts cut_rows(std::int64_t rows) {
  return cut(rows, rows <= kRowsUncut ? 1 : (rows + kRowsOfPart - 1) / kRowsOfPart);
}

}  // namespace temper::model
