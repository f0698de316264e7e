#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string_view>

#include "core/base/error.h"
#include "core/data/parquet/parquet_library.h"

// Arrow does the parsing; what is ours is the input and the way from columns to JSON.

namespace {

class MemoryInput final : public temper::data::ParquetInput {
 public:
  explicit MemoryInput(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t begin, std::span<std::byte> out) const override {
    std::ranges::copy(bytes_.subspan(begin, out.size()), out.begin());
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryInput input(std::as_bytes(std::span(data, size)));
  try {
    const auto file = temper::data::open_parquet(input);
    const std::size_t num_groups = file->row_group_rows().size();
    for (std::size_t group = 0; group < num_groups; ++group) {
      file->write_json_lines(static_cast<int>(group), [](std::string_view) {});
    }
  } catch (const temper::UserError&) {
    throw;  // this build has no Arrow: nothing would be fuzzed
  } catch (const std::exception&) {
    return 0;
  }
  return 0;
}
