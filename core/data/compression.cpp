#include "core/data/compression.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/data/foreign_compression.h"

namespace temper::data {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::array<std::pair<Compression, std::string_view>, 5> kMdsNames = {{
    {Compression::kGzip, "gz"},
    {Compression::kZstd, "zstd"},
    {Compression::kBrotli, "br"},
    {Compression::kBzip2, "bz2"},
    {Compression::kSnappy, "snappy"},
}};

[[noreturn]] void throw_damaged(const std::string& origin, std::size_t position,
                                std::string_view problem) {
  throw FatalError(fmt::format("{}: damaged at byte {}: {}; fetch or compress the file again",
                               origin, position, problem));
}

void pass_through(std::span<const std::byte> bytes, const ByteSink& sink) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kPieceBytes);
    sink(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

/// Ends zlib's stream with the scope.
class Inflater {
 public:
  Inflater() {
    constexpr int kGzipOnly = 16;
    const int status = inflateInit2(&stream_, MAX_WBITS + kGzipOnly);
    CHECK(status == Z_OK, "inflateInit2 returned {}", status);
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

void decompress_gzip(std::span<const std::byte> compressed, const std::string& origin,
                     const ByteSink& sink) {
  Inflater inflater;
  z_stream& stream = inflater.stream();
  std::vector<std::byte> piece(kPieceBytes);
  std::size_t position = 0;
  int status = Z_OK;
  // zlib counts in 32 bits: at most a piece of input at a time.
  while (position < compressed.size() || status != Z_STREAM_END) {
    if (status == Z_STREAM_END) {
      inflateReset(&stream);  // another member follows
    }
    const std::size_t given = std::min(compressed.size() - position, kPieceBytes);
    stream.next_in = const_cast<Bytef*>(
        reinterpret_cast<const Bytef*>(compressed.subspan(position, given).data()));
    stream.avail_in = static_cast<uInt>(given);
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    position += given - stream.avail_in;
    const std::size_t produced = piece.size() - stream.avail_out;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      throw_damaged(origin, position, stream.msg != nullptr ? stream.msg : "not gzip");
    }
    if (produced > 0) {
      sink(std::span<const std::byte>(piece).first(produced));
    }
    if (status != Z_STREAM_END && produced == 0 && position == compressed.size()) {
      throw_damaged(origin, position, "the gzip stream is cut off");
    }
  }
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

void decompress_zstd(std::span<const std::byte> compressed, const std::string& origin,
                     const ByteSink& sink) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  CHECK(context != nullptr, "no memory for a zstd context");
  std::vector<std::byte> piece(kPieceBytes);
  ZSTD_inBuffer input{compressed.data(), compressed.size(), 0};
  std::size_t expected = 1;  // 0: at the end of a frame
  bool piece_was_full = false;
  if (compressed.empty()) {
    throw_damaged(origin, 0, "the zstd stream is cut off");
  }
  while (input.pos < input.size || (piece_was_full && expected != 0)) {
    ZSTD_outBuffer output{piece.data(), piece.size(), 0};
    expected = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(expected) != 0) {
      throw_damaged(origin, input.pos, ZSTD_getErrorName(expected));
    }
    piece_was_full = output.pos == output.size;
    if (output.pos > 0) {
      sink(std::span<const std::byte>(piece).first(output.pos));
    }
  }
  if (expected != 0) {
    throw_damaged(origin, input.pos, "the zstd stream is cut off");
  }
}

std::vector<std::byte> compress_gzip(std::span<const std::byte> bytes) {
  constexpr int kWithGzipHeader = MAX_WBITS + 16;
  constexpr int kMemoryLevel = 8;  // zlib's default
  z_stream stream{};
  const int status = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWithGzipHeader,
                                  kMemoryLevel, Z_DEFAULT_STRATEGY);
  CHECK(status == Z_OK, "deflateInit2 returned {}", status);
  std::vector<std::byte> packed;
  std::vector<std::byte> piece(kPieceBytes);
  do {
    const std::size_t given = std::min(bytes.size(), kPieceBytes);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(given);
    bytes = bytes.subspan(given);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
      packed.insert(packed.end(), piece.begin(),
                    piece.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
  deflateEnd(&stream);
  return packed;
}

std::vector<std::byte> compress_zstd(std::span<const std::byte> bytes) {
  std::vector<std::byte> packed(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  CHECK(ZSTD_isError(size) == 0, "ZSTD_compress: {}", ZSTD_getErrorName(size));
  packed.resize(size);
  return packed;
}

}  // namespace

std::optional<Compression> compression_named(std::string_view name) {
  const std::string_view algorithm = name.substr(0, name.find(':'));
  for (const auto& [compression, known] : kMdsNames) {
    if (known == algorithm) {
      return compression;
    }
  }
  return std::nullopt;
}

std::string_view mds_name_of(Compression compression) {
  for (const auto& [known, name] : kMdsNames) {
    if (known == compression) {
      return name;
    }
  }
  return "";
}

Compression compression_of(const std::filesystem::path& path) {
  const std::filesystem::path ending = path.extension();
  if (ending == ".gz") {
    return Compression::kGzip;
  }
  return ending == ".zst" ? Compression::kZstd : Compression::kNone;
}

void decompress(std::span<const std::byte> compressed, Compression compression,
                const std::string& origin, const ByteSink& sink) {
  switch (compression) {
    case Compression::kNone:
      return pass_through(compressed, sink);
    case Compression::kGzip:
      return decompress_gzip(compressed, origin, sink);
    case Compression::kZstd:
      return decompress_zstd(compressed, origin, sink);
    case Compression::kBrotli:
    case Compression::kBzip2:
    case Compression::kSnappy:
      return decompress_foreign(compressed, compression, origin, sink);
  }
}

std::vector<std::byte> compress(std::span<const std::byte> bytes, Compression compression) {
  if (compression == Compression::kNone) {
    return {bytes.begin(), bytes.end()};
  }
  CHECK(compression == Compression::kGzip || compression == Compression::kZstd, "no writer for {}",
        mds_name_of(compression));
  return compression == Compression::kGzip ? compress_gzip(bytes) : compress_zstd(bytes);
}

}  // namespace temper::data
