#include "trainer/model/attention_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <list>
#include <vector>

#include "core/base/error.h"
#include "trainer/model/activations.h"

namespace temper::model {
namespace {

// The composition rounds scores to bf16, 2^-9 of them; the kernels do not. In fp32 both round to
// 2^-24, in other orders.
constexpr double kToleranceInBf16 = 0.05;
constexpr double kToleranceInFp32 = 1e-4;

constexpr std::array kLayouts = {HeadLayout{4, 1, 128, 0}, HeadLayout{2, 2, 64, 100},
                                 HeadLayout{4, 1, 36, 0}};
constexpr std::array<std::int32_t, 5> kOffsets = {0, 1, 130, 200, 500};

using Values = std::vector<float>;

/// Attention of random numbers, forward and backward.
class Trial {
 public:
  Trial(const Kernels& kernels, HeadLayout heads) : kernels_(kernels), heads_(heads) {
    const std::int64_t q = heads.num_heads * heads.head_size;
    const std::int64_t kv = heads.num_kv_heads * heads.head_size;
    const Matrix inputs = random_matrix(q + 2 * kv);
    const Matrix gradients = random_matrix(q + 2 * kv);  // which they are written over
    const Matrix grad_out = random_matrix(q);
    const Matrix out = random_matrix(q);
    FloatBuffer log_sum_exp(static_cast<std::size_t>(kOffsets.back() * heads.num_heads),
                            kernels.memory());
    const auto part = [&](Matrix all, std::int64_t begin, std::int64_t size) {
      return all.columns_from(begin, size);
    };
    kernels.attention(part(inputs, 0, q), part(inputs, q, kv), part(inputs, q + kv, kv), heads,
                      kOffsets, out, log_sum_exp.data());
    kernels.attention_backward(
        grad_out, part(inputs, 0, q), part(inputs, q, kv), part(inputs, q + kv, kv), out,
        log_sum_exp.data(), heads, kOffsets,
        {part(gradients, 0, q), part(gradients, q, kv), part(gradients, q + kv, kv)});
    output = downloaded(kernels, out);
    gradient = downloaded(kernels, gradients);
  }

  Values output, gradient;

 private:
  /// Uniform between −2 and 2, the same for all kernels, in their numbers.
  Matrix random_matrix(std::int64_t columns) {
    const std::int64_t rows = kOffsets.back();
    const Philox random{0, RandomPurpose::kInitWeights};
    Values values(static_cast<std::size_t>(rows * columns));
    for (std::size_t i = 0; i < values.size(); i += 4) {
      const auto words = random.block(buffers_.size(), i);
      for (std::size_t word = 0; word < 4; ++word) {
        values[i + word] = 4 * uniform01(words[word]) - 2;
      }
    }
    device::DeviceMemory& memory = kernels_.memory();
    FloatBuffer exact(values.size(), memory);
    memory.upload(values.data(), exact.data(), values.size() * sizeof(float));
    const Matrix result = activations_in(buffers_.emplace_back(), kernels_, rows, columns);
    clear(kernels_, result);
    kernels_.add(matrix(exact.data(), rows, columns), result);
    return result;
  }

  const Kernels& kernels_;
  HeadLayout heads_;
  std::list<FloatBuffer> buffers_;
};

/// Infinity if any of the actual numbers is not finite.
double relative_difference(const Values& actual, const Values& expected) {
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(actual[i])) {
      return std::numeric_limits<double>::infinity();
    }
    largest = std::max<double>(largest, std::abs(expected[i]));
    difference = std::max<double>(difference, std::abs(actual[i] - expected[i]));
  }
  return difference / largest;
}

/// What the two make of the same numbers.
struct Difference {
  double output = 0;    // the largest, relative to the largest number
  double gradient = 0;  // of q, k and v
  bool repeats = true;  // a second call of the kernels gave the same bits
};

Difference compare(const Kernels& kernels, const Kernels& composition) {
  Difference difference;
  for (const HeadLayout heads : kLayouts) {
    const Trial actual(kernels, heads);
    const Trial again(kernels, heads);
    const Trial expected(composition, heads);
    difference.output =
        std::max(difference.output, relative_difference(actual.output, expected.output));
    difference.gradient =
        std::max(difference.gradient, relative_difference(actual.gradient, expected.gradient));
    difference.repeats =
        difference.repeats && actual.output == again.output && actual.gradient == again.gradient;
  }
  return difference;
}

}  // namespace

std::string judge_attention(const Kernels& kernels, const Kernels& composition) {
  const bool bf16 = kernels.placement().bf16;
  const Difference difference = compare(kernels, composition);
  const std::string found =
      fmt::format("in {} outputs are {:.1e} and gradients {:.1e} from their composition",
                  bf16 ? "bf16" : "fp32", difference.output, difference.gradient);
  const double tolerance = bf16 ? kToleranceInBf16 : kToleranceInFp32;
  if (difference.output > tolerance || difference.gradient > tolerance) {
    throw FatalError(
        fmt::format("attention: {} (allowed: {:.0e}): don't train on this GPU with this build",
                    found, tolerance));
  }
  if (!difference.repeats) {
    throw FatalError(fmt::format(
        "attention: {}, and a second call gives other bits: runs on this GPU can't be repeated",
        found));
  }
  return found;
}

}  // namespace temper::model
