#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace temper::data {

enum class Compression { kNone, kGzip, kZstd };

/// By the ending: .gz, .zst, else none.
Compression compression_of(const std::filesystem::path& path);

/// Takes the content piece by piece; the piece is valid during the call only.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// Hands the content of a whole compressed file (RFC 1952 members or RFC 8878 frames, one after
/// another) to `sink` in pieces of bounded size. kNone hands on the bytes themselves. Throws
/// FatalError with `origin` and the byte position where the file is damaged, cut off or followed by
/// something else.
void decompress(std::span<const std::byte> compressed, Compression compression,
                const std::string& origin, const ByteSink& sink);

}  // namespace temper::data
