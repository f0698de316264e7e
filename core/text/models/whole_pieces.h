#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace temper::text {

/// Which tokens their own merges lead back to: a piece that spells such a token is that token, and
/// costs one look-up. Found out when first asked for, so that loading a vocabulary is quick.
/// Thread-safe: threads that find out the same thing at once write the same value.
class WholePieces {
 public:
  explicit WholePieces(std::int64_t id_bound) : answers_(static_cast<std::size_t>(id_bound)) {}

  /// The answer for a token; `find_out()` gives it the first time.
  template <typename FindOut>
  bool is_whole(std::int32_t id, const FindOut& find_out) const {
    std::atomic<std::uint8_t>& answer = answers_[static_cast<std::size_t>(id)];
    std::uint8_t known = answer.load(std::memory_order_relaxed);
    if (known == kUnknown) {
      known = find_out() ? kYes : kNo;
      answer.store(known, std::memory_order_relaxed);
    }
    return known == kYes;
  }

 private:
  static constexpr std::uint8_t kUnknown = 0;
  static constexpr std::uint8_t kYes = 1;
  static constexpr std::uint8_t kNo = 2;

  mutable std::vector<std::atomic<std::uint8_t>> answers_;
};

}  // namespace temper::text
