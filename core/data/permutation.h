#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace temper::data {

/// A keyed bijection on [0, n): a balanced Feistel network over an even number of bits, at least
/// bit_width(n - 1), with cycle walking (Black & Rogaway, "Ciphers with arbitrary finite domains",
/// CT-RSA 2002). An index costs the same memory (none) and time whatever n is. A value;
/// thread-safe.
class Permutation {
 public:
  /// n in [1, 2^64); keys that differ give unrelated orders.
  Permutation(std::uint64_t n, std::uint64_t key);

  /// `index` in [0, n); the result too.
  std::uint64_t operator()(std::uint64_t index) const;

  /// The results for begin, begin + 1, … into `out`; begin + out.size() <= n. Several times faster
  /// than one by one, as the rounds of neighbours overlap in the processor.
  void range(std::uint64_t begin, std::span<std::uint64_t> out) const;

 private:
  static constexpr std::uint32_t kMostRounds = 12;

  template <std::uint32_t kNumRounds>
  void range_of_rounds(std::uint64_t begin, std::span<std::uint64_t> out) const;

  std::uint64_t n_;
  std::uint32_t half_bits_;
  std::uint32_t num_rounds_;
  std::array<std::uint64_t, kMostRounds> round_keys_;
};

}  // namespace temper::data
