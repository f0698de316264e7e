#include "core/data/permutation.h"

#include <algorithm>
#include <bit>

#include "core/base/check.h"
#include "core/base/random.h"

// A Feistel network splits the index into two halves and, round after round, adds a keyed mix of
// one half to the other; each round can be undone, so the whole is a bijection on 2^(2 *
// half_bits). It is made one on [0, n) by walking: a result outside is put through again until it
// falls inside. As at least a quarter of the domain is inside, that takes fewer than four walks on
// average.
//
// Four rounds of this mixer already pass the tests for large n; six cost little more. Halves of a
// few bits mix slowly: with six rounds some pairs of small domains come a tenth too often, hence
// twelve.

namespace temper::data {
namespace {

constexpr std::uint32_t kRounds = 6;
constexpr std::uint32_t kSmallHalfBits = 4;

/// The round function: MurmurHash3's finaliser shortened to the two multiplications that matter.
inline std::uint64_t mix_half(std::uint64_t half, std::uint64_t key) {
  std::uint64_t mixed = (half ^ key) * 0xFF51AFD7ED558CCD;
  mixed ^= mixed >> 32;
  mixed *= 0xC4CEB9FE1A85EC53;
  return mixed ^ (mixed >> 29);
}

}  // namespace

Permutation::Permutation(std::uint64_t n, std::uint64_t key) : n_(n), round_keys_{} {
  CHECK(n > 0, "a permutation of nothing");
  const auto bits = static_cast<std::uint32_t>(std::bit_width(n - 1));
  half_bits_ = std::max<std::uint32_t>((bits + 1) / 2, 1);
  num_rounds_ = half_bits_ <= kSmallHalfBits ? kMostRounds : kRounds;
  for (std::uint64_t round = 0; round < round_keys_.size(); ++round) {
    round_keys_[round] = mix_keys({key, round});
  }
}

std::uint64_t Permutation::operator()(std::uint64_t index) const {
  CHECK(index < n_, "index {} of {}", index, n_);
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  do {
    std::uint64_t left = index >> half_bits_;
    std::uint64_t right = index & mask;
    for (std::uint32_t round = 0; round < num_rounds_; ++round) {
      const std::uint64_t mixed = left ^ (mix_half(right, round_keys_[round]) & mask);
      left = right;
      right = mixed;
    }
    index = (left << half_bits_) | right;
  } while (index >= n_);
  return index;
}

}  // namespace temper::data
