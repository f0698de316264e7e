#include "core/data/foreign_compression.h"

#include <brotli/decode.h>
#include <bzlib.h>
#include <fmt/format.h>
#include <snappy-c.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::data {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

[[noreturn]] void throw_damaged(const std::string& origin, std::size_t position,
                                std::string_view problem) {
  throw FatalError(fmt::format("{}: damaged at byte {}: {}; fetch or compress the file again",
                               origin, position, problem));
}

void decompress_brotli(std::span<const std::byte> compressed, const std::string& origin,
                       const ByteSink& sink) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  CHECK(state != nullptr, "no memory for a brotli decoder");
  std::vector<std::byte> piece(kPieceBytes);
  std::size_t left = compressed.size();
  const auto* next = reinterpret_cast<const std::uint8_t*>(compressed.data());
  while (true) {
    std::size_t room = piece.size();
    auto* out = reinterpret_cast<std::uint8_t*>(piece.data());
    const auto result =
        BrotliDecoderDecompressStream(state.get(), &left, &next, &room, &out, nullptr);
    if (room < piece.size()) {
      sink(std::span<const std::byte>(piece).first(piece.size() - room));
    }
    const std::size_t position = compressed.size() - left;
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      throw_damaged(origin, position,
                    BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state.get())));
    }
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) {
      throw_damaged(origin, position, "the brotli stream is cut off");
    }
    if (result == BROTLI_DECODER_RESULT_SUCCESS) {
      if (left > 0) {
        throw_damaged(origin, position, "bytes after the brotli stream");
      }
      return;
    }
  }
}

/// Ends bzip2's stream with the scope.
class Bunzipper {
 public:
  Bunzipper() {
    const int status = BZ2_bzDecompressInit(&stream_, 0, 0);
    CHECK(status == BZ_OK, "BZ2_bzDecompressInit returned {}", status);
  }
  ~Bunzipper() { BZ2_bzDecompressEnd(&stream_); }
  Bunzipper(const Bunzipper&) = delete;
  Bunzipper& operator=(const Bunzipper&) = delete;
  bz_stream& stream() { return stream_; }

 private:
  bz_stream stream_{};
};

/// One stream from `position` on; returns where it ends.
std::size_t decompress_bzip2_stream(std::span<const std::byte> compressed, std::size_t position,
                                    const std::string& origin, const ByteSink& sink) {
  Bunzipper bunzipper;
  bz_stream& stream = bunzipper.stream();
  std::vector<std::byte> piece(kPieceBytes);
  while (true) {
    const std::size_t given = std::min(compressed.size() - position, kPieceBytes);
    stream.next_in = const_cast<char*>(
        reinterpret_cast<const char*>(compressed.subspan(position, given).data()));
    stream.avail_in = static_cast<unsigned>(given);
    stream.next_out = reinterpret_cast<char*>(piece.data());
    stream.avail_out = static_cast<unsigned>(piece.size());
    const int status = BZ2_bzDecompress(&stream);
    position += given - stream.avail_in;
    if (status != BZ_OK && status != BZ_STREAM_END) {
      throw_damaged(origin, position, "not bzip2, or its checksum does not match");
    }
    const std::size_t produced = piece.size() - stream.avail_out;
    if (produced > 0) {
      sink(std::span<const std::byte>(piece).first(produced));
    }
    if (status == BZ_STREAM_END) {
      return position;
    }
    if (produced == 0 && position == compressed.size()) {
      throw_damaged(origin, position, "the bzip2 stream is cut off");
    }
  }
}

void decompress_snappy(std::span<const std::byte> compressed, const std::string& origin,
                       const ByteSink& sink) {
  // A byte makes at most 64 / 3 (a copy), so a length that claims more is a lie.
  constexpr std::size_t kMostGrowth = 64;
  const auto* input = reinterpret_cast<const char*>(compressed.data());
  std::size_t size = 0;
  if (snappy_uncompressed_length(input, compressed.size(), &size) != SNAPPY_OK ||
      size / kMostGrowth > compressed.size()) {
    throw_damaged(origin, 0, "not a Snappy block");
  }
  std::vector<std::byte> content(size);
  if (snappy_uncompress(input, compressed.size(), reinterpret_cast<char*>(content.data()), &size) !=
      SNAPPY_OK) {
    throw_damaged(origin, 0, "the Snappy block is damaged or cut off");
  }
  sink(content);
}

}  // namespace

void decompress_foreign(std::span<const std::byte> compressed, Compression compression,
                        const std::string& origin, const ByteSink& sink) {
  switch (compression) {
    case Compression::kBrotli:
      return decompress_brotli(compressed, origin, sink);
    case Compression::kBzip2: {
      std::size_t position = 0;
      do {
        position = decompress_bzip2_stream(compressed, position, origin, sink);
      } while (position < compressed.size());
      return;
    }
    case Compression::kSnappy:
      return decompress_snappy(compressed, origin, sink);
    default:
      CHECK(false, "compression {} is not foreign", mds_name_of(compression));
  }
}

}  // namespace temper::data
