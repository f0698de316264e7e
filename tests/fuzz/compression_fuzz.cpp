#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/error.h"
#include "core/data/compression.h"

// The first byte chooses the compression.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using temper::data::Compression;
  constexpr std::array kKinds = {Compression::kGzip, Compression::kZstd, Compression::kBrotli,
                                 Compression::kBzip2, Compression::kSnappy};
  constexpr std::size_t kEnough = std::size_t{1} << 24;  // a bomb need not be unpacked whole
  if (size == 0) {
    return 0;
  }
  struct Enough {};
  std::size_t produced = 0;
  try {
    temper::data::decompress(std::as_bytes(std::span(data, size)).subspan(1),
                             kKinds[data[0] % kKinds.size()], "fuzz",
                             [&](std::span<const std::byte> piece) {
                               produced += piece.size();
                               if (produced > kEnough) {
                                 throw Enough{};
                               }
                             });
  } catch (const temper::FatalError&) {
    return 0;
  } catch (const Enough&) {
    return 0;
  }
  return 0;
}
