// Rows are dealt to threads; a row's columns are walked in strips that stay in the first-level
// cache. Neither shows in the bits: every element has its own sum. Compiled without contraction of
// a·b + c into one rounding (CMakeLists.txt).

#include "core/export/lora_merge.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <thread>
#include <vector>

#include "core/base/check.h"

namespace temper::exporting {
namespace {

constexpr std::size_t kStrip = 1024;  // columns: 4 KiB of sums

void merge_row(const float* a, const float* b, std::size_t rank, float scaling, std::size_t columns,
               float* weight) {
  std::array<float, kStrip> sums;
  for (std::size_t begin = 0; begin < columns; begin += kStrip) {
    const std::size_t count = std::min(kStrip, columns - begin);
    std::fill_n(sums.begin(), count, 0.0F);
    for (std::size_t r = 0; r < rank; ++r) {
      const float factor = b[r];
      const float* row = a + r * columns + begin;
      for (std::size_t i = 0; i < count; ++i) {
        sums[i] += factor * row[i];
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      weight[begin + i] += scaling * sums[i];
    }
  }
}

}  // namespace

void add_lora_product(std::span<const float> a, std::span<const float> b, std::int64_t rank,
                      double scaling, std::span<float> weight) {
  const auto inner = static_cast<std::size_t>(rank);
  CHECK(rank > 0 && a.size() % inner == 0 && b.size() % inner == 0, "rank {}", rank);
  const std::size_t columns = a.size() / inner;
  const std::size_t rows = b.size() / inner;
  CHECK(weight.size() == rows * columns, "{} weights for {} x {}", weight.size(), rows, columns);
  const std::size_t num_threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1,
                                                          std::max<std::size_t>(rows, 1));
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < num_threads; ++t) {
    threads.emplace_back([=] {
      for (std::size_t row = rows * t / num_threads; row < rows * (t + 1) / num_threads; ++row) {
        merge_row(a.data(), b.data() + row * inner, inner, static_cast<float>(scaling), columns,
                  weight.data() + row * columns);
      }
    });
  }
}

}  // namespace temper::exporting
