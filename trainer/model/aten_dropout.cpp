// Dropout by ATen's operators, drawn where it is used: Philox4x32-10 (core/base/random.h) in 64-bit
// integers, so that the masks are those of the loops bit for bit.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <array>

#include "trainer/model/aten_views.h"

namespace temper::model {
namespace {

constexpr std::int64_t kWord = 0xFFFFFFFF;
constexpr std::int64_t kBlocksAtOnce = std::int64_t{1} << 20;

at::Tensor low_word(const at::Tensor& x) {
  return x.bitwise_and(kWord);
}
/// Of a product that filled the sign as well.
at::Tensor high_word(const at::Tensor& x) {
  return x.bitwise_right_shift(32).bitwise_and(kWord);
}

/// Four words each of blocks [begin, end) of a stream: [blocks, 4].
at::Tensor random_words(const AtenSettings& settings, const DropoutKey& key, std::int64_t begin,
                        std::int64_t end) {
  constexpr std::int64_t kMultiplier0 = 0xD2511F53;
  constexpr std::int64_t kMultiplier1 = 0xCD9E8D57;
  constexpr std::int64_t kWeyl0 = 0x9E3779B9;
  constexpr std::int64_t kWeyl1 = 0xBB67AE85;
  constexpr int kRounds = 10;
  const std::uint64_t mixed =
      mix_keys({key.generator.seed, static_cast<std::uint64_t>(key.generator.purpose)});
  auto key0 = static_cast<std::int64_t>(mixed) & kWord;
  auto key1 = static_cast<std::int64_t>(mixed >> 32);
  const at::Tensor index =
      at::arange(begin, end, at::TensorOptions(device_of(settings)).dtype(at::kLong));
  const auto stream = static_cast<std::int64_t>(key.stream);
  std::array<at::Tensor, 4> counter = {
      low_word(index), high_word(index), at::full_like(index, stream & kWord),
      at::full_like(index, static_cast<std::int64_t>(key.stream >> 32))};
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor product0 = counter[0] * kMultiplier0;
    const at::Tensor product1 = counter[2] * kMultiplier1;
    counter = {high_word(product1).bitwise_xor(counter[1]).bitwise_xor(key0), low_word(product1),
               high_word(product0).bitwise_xor(counter[3]).bitwise_xor(key1), low_word(product0)};
    key0 = (key0 + kWeyl0) & kWord;
    key1 = (key1 + kWeyl1) & kWord;
  }
  return at::stack(counter, 1);
}

/// 1 / (1 − p) where an element of rows [begin, end) is kept, else 0.
at::Tensor mask(const AtenSettings& settings, const DropoutKey& key, std::int64_t begin,
                std::int64_t end, std::int64_t columns) {
  const std::int64_t blocks_per_row = (columns + 3) / 4;
  const at::Tensor words = random_words(settings, key, begin * blocks_per_row, end * blocks_per_row)
                               .view({end - begin, blocks_per_row * 4})
                               .narrow(1, 0, columns);
  const at::Tensor uniform = words.bitwise_right_shift(8).to(at::kFloat) * 0x1p-24;
  return uniform.ge(key.probability).to(at::kFloat) * (1.0F / (1.0F - key.probability));
}

}  // namespace

void aten_dropout(const AtenSettings& settings, ConstMatrix x, const DropoutKey& key, Matrix out,
                  Accumulate accumulate) {
  const std::int64_t blocks_per_row = (x.columns + 3) / 4;
  const std::int64_t rows = std::max<std::int64_t>(1, kBlocksAtOnce / blocks_per_row);
  for (std::int64_t begin = 0; begin < x.rows; begin += rows) {
    const std::int64_t end = std::min(begin + rows, x.rows);
    const at::Tensor to = view(settings, out.rows_from(begin, end - begin));
    const at::Tensor kept = as_stored(view(settings, x.rows_from(begin, end - begin)) *
                                          mask(settings, key, begin, end, x.columns),
                                      to);
    accumulate == Accumulate::kYes ? to.add_(kept) : to.copy_(kept);
  }
}

}  // namespace temper::model
