#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/data/line_index.h"

namespace {

/// Whatever the index claims, its accessors stay within the content.
void use(const temper::data::LineIndex& index) {
  for (std::uint64_t record = 0; record < index.num_records(); ++record) {
    const auto extent = index.extent(record);
    CHECK(extent.begin < extent.limit && extent.limit <= index.content_bytes(), "[{}, {}) of {}",
          extent.begin, extent.limit, index.content_bytes());
    CHECK(index.line_number(record) > record, "line {} of record {}", index.line_number(record),
          record);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeaderBytes = 16;
  const auto input = std::as_bytes(std::span(data, size));
  std::vector<std::byte> bytes(input.begin(), input.end());
  if (bytes.size() >= kHeaderBytes) {
    temper::data::LineIndex::seal(bytes);  // else nothing gets past the checksum
  }
  try {
    use(temper::data::LineIndex::parse(bytes));
  } catch (const temper::FatalError&) {
    return 0;
  }
  return 0;
}
