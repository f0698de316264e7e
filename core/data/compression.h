#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace temper::data {

enum class Compression { kNone, kGzip, kZstd, kBrotli, kBzip2, kSnappy };

/// By the ending: .gz, .zst, else none.
Compression compression_of(const std::filesystem::path& path);

/// By MDS's name with or without a level ("zstd:7", "gz", "br", "bz2", "snappy"); nullopt for
/// another. And the other way round, without a level.
std::optional<Compression> compression_named(std::string_view name);
std::string_view mds_name_of(Compression compression);

/// Takes the content piece by piece; the piece is valid during the call only.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// Hands the content of a whole compressed file (RFC 1952 members, RFC 8878 frames or bzip2
/// streams, one after another; one RFC 7932 stream; one raw Snappy block) to `sink`, in pieces of
/// bounded size but Snappy's, whose block is one piece. kNone hands on the bytes themselves. Throws
/// FatalError with `origin` and the byte position where the file is damaged, cut off or followed by
/// something else.
void decompress(std::span<const std::byte> compressed, Compression compression,
                const std::string& origin, const ByteSink& sink);

/// The bytes as one gzip member or one zstd frame, or themselves under kNone, at the libraries'
/// usual level. Other compressions are read only.
std::vector<std::byte> compress(std::span<const std::byte> bytes, Compression compression);

}  // namespace temper::data
