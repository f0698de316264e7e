#pragma once

#include <cstdint>
#include <vector>

namespace temper::data {

/// A keyed bijection on [0, n): balanced Feistel network over an even number of bits >= bit_width(n-1)
/// with cycle walking (Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002),
/// >= 4 rounds of a 64-bit mixer, round keys precomputed. O(1) memory. Thread-safe.
class Permutation {
 public:
  Permutation(std::uint64_t n, std::uint64_t key);
  std::uint64_t operator()(std::uint64_t index) const;  // index in [0, n)

 private:
  std::uint64_t n_;
  std::uint32_t half_bits_;
  std::vector<std::uint64_t> round_keys_;
};

/// Maps position g of the endless training stream to a sample. Shards are permuted by (seed, epoch);
/// inside a window of consecutive shards the samples are permuted by (seed, epoch, window).
class SampleOrder {
 public:
  struct Sample {
    std::uint64_t epoch = 0;
    std::uint64_t shard = 0;
    std::uint64_t index = 0;  // within the shard
    bool operator==(const Sample&) const = default;
  };
  /// `window_shards`: how many shards are mixed with each other at a time.
  SampleOrder(std::vector<std::uint64_t> shard_sizes, std::uint64_t seed, std::uint64_t window_shards = 16);
  Sample at(std::uint64_t position) const;
  std::uint64_t epoch_size() const { return epoch_size_; }

 private:
  std::vector<std::uint64_t> shard_sizes_;
  std::uint64_t seed_;
  std::uint64_t window_shards_;
  std::uint64_t epoch_size_ = 0;
};

}  // namespace temper::data
