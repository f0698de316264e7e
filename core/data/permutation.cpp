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

/// Lanes go through the network side by side: their chains of multiplications overlap. A lane that
/// has come inside takes the next index at once, so none waits for another's walk.
template <std::uint32_t kNumRounds>
void Permutation::range_of_rounds(std::uint64_t begin, std::span<std::uint64_t> out) const {
  constexpr std::size_t kLanes = 8;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::array<std::uint64_t, kLanes> value{};
  std::array<std::size_t, kLanes> place{};
  std::array<std::uint64_t, kLanes> left{};
  std::array<std::uint64_t, kLanes> right{};
  std::size_t next = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    place[lane] = next;
    value[lane] = begin + next;
    ++next;
  }
  std::size_t done = 0;
  std::uint64_t spare = 0;
  while (done < out.size()) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      left[lane] = value[lane] >> half_bits_;
      right[lane] = value[lane] & mask;
    }
    for (std::uint32_t round = 0; round < kNumRounds; ++round) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::uint64_t mixed = left[lane] ^ (mix_half(right[lane], round_keys_[round]) & mask);
        left[lane] = right[lane];
        right[lane] = mixed;
      }
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      value[lane] = left[lane] << half_bits_ | right[lane];
      // Without a branch, which would be mispredicted as often as an index walks: what is not final
      // yet is written all the same and overwritten later. A lane beyond the end writes nowhere.
      const bool inside = value[lane] < n_;
      const bool wanted = place[lane] < out.size();
      *(wanted ? &out[place[lane]] : &spare) = value[lane];
      done += inside && wanted ? 1 : 0;
      place[lane] = inside ? next : place[lane];
      value[lane] = inside ? begin + next : value[lane];
      next += inside ? 1 : 0;
    }
  }
}

void Permutation::range(std::uint64_t begin, std::span<std::uint64_t> out) const {
  CHECK(begin <= n_ && out.size() <= n_ - begin, "[{}, {}) of {}", begin, begin + out.size(), n_);
  if (num_rounds_ == kRounds) {
    return range_of_rounds<kRounds>(begin, out);
  }
  return range_of_rounds<kMostRounds>(begin, out);
}

}  // namespace temper::data
