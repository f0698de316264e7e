#include "core/data/shard_content.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/crc32c.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/cache_file.h"
#include "core/data/compression.h"

// An entry of the cache is named by a hash of the source's path, so that a changed source replaces
// its entry instead of leaving the old one behind:
//   <hash>.index   the line index; committed last, it makes the entry exist
//   <hash>.jsonl   the decompressed content, of compressed sources only
//   <hash>.lock    held by the one who builds; the others wait and find the work done

namespace temper::data {
namespace {

struct CacheEntry {
  std::filesystem::path index, content, lock;
};

CacheEntry entry_of(const SourceIdentity& source, const std::filesystem::path& cache_dir) {
  constexpr std::size_t kNameDigits = 24;
  const std::string name = sha256_hex(source.path).substr(0, kNameDigits);
  return {cache_dir / (name + ".index"), cache_dir / (name + ".jsonl"),
          cache_dir / (name + ".lock")};
}

std::optional<MappedFile> map_if_there(const std::filesystem::path& path) {
  try {
    return MappedFile(path);
  } catch (const UserError&) {
    return std::nullopt;  // not in the cache
  }
}

/// nullopt unless the whole entry is there, was made from `source` and is undamaged.
std::optional<ShardContent> find_in_cache(const SourceIdentity& source, Compression compression,
                                          const CacheEntry& entry) {
  auto index_file = map_if_there(entry.index);
  if (!index_file) {
    return std::nullopt;
  }
  std::optional<LineIndex> index;
  try {
    index = LineIndex::parse(index_file->bytes());
  } catch (const FatalError&) {
    return std::nullopt;  // damaged, or of another version: made anew
  }
  if (index->source() != source) {
    return std::nullopt;
  }
  const bool compressed = compression != Compression::kNone;
  auto content = map_if_there(compressed ? entry.content : std::filesystem::path(source.path));
  if (!content || content->bytes().size() != index->content_bytes() ||
      (compressed && crc32c(content->bytes()) != index->content_crc32c())) {
    return std::nullopt;
  }
  return ShardContent{SharedBytes(std::move(*content)), SharedBytes(std::move(*index_file)),
                      std::move(*index)};
}

/// One pass over the source: finds the lines, hashes the content, hands it to `store`.
std::vector<std::byte> build_index(const SourceIdentity& source, const MappedFile& file,
                                   Compression compression, const ByteSink& store) {
  LineScanner lines;
  Sha256 sha256;
  std::uint32_t checksum = 0;
  std::uint64_t content_bytes = 0;
  decompress(file.bytes(), compression, source.path, [&](std::span<const std::byte> piece) {
    lines.feed(piece);
    sha256.update(piece);
    checksum = crc32c(piece, checksum);
    content_bytes += piece.size();
    store(piece);
  });
  lines.finish();
  if (identify_source(source.path) != source) {
    throw UserError(
        fmt::format("{}: changed while it was read; start again when nothing writes to it any more",
                    source.path));
  }
  return LineIndex::serialize(source, lines, content_bytes, checksum, sha256.hex_digest());
}

void build_in_cache(const SourceIdentity& source, const MappedFile& file, Compression compression,
                    const CacheEntry& entry) {
  std::optional<CacheFileWriter> content;
  if (compression != Compression::kNone) {
    content.emplace(entry.content);
  }
  const auto index = build_index(source, file, compression, [&](std::span<const std::byte> piece) {
    if (content) {
      content->append(piece);
    }
  });
  if (content && !content->commit()) {
    return;
  }
  CacheFileWriter writer(entry.index);
  writer.append(index);
  // If it failed, the entry isn't found and everything is made in memory.
  static_cast<void>(writer.commit());
}

ShardContent build_in_memory(const SourceIdentity& source, MappedFile file,
                             Compression compression) {
  std::vector<std::byte> content;
  const bool compressed = compression != Compression::kNone;
  auto bytes = build_index(source, file, compression, [&](std::span<const std::byte> piece) {
    if (compressed) {
      content.insert(content.end(), piece.begin(), piece.end());
    }
  });
  SharedBytes index_bytes(std::move(bytes));
  LineIndex index = LineIndex::parse(index_bytes.bytes());
  return {compressed ? SharedBytes(std::move(content)) : SharedBytes(std::move(file)),
          std::move(index_bytes), std::move(index)};
}

}  // namespace

SourceIdentity identify_source(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw UserError(fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)));
  }
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  return {std::filesystem::absolute(path).lexically_normal().string(),
          static_cast<std::uint64_t>(status.st_size),
          status.st_mtim.tv_sec * kNanosecondsPerSecond + status.st_mtim.tv_nsec};
}

ShardContent open_shard_content(const std::filesystem::path& path,
                                const std::filesystem::path& cache_dir) {
  const SourceIdentity source = identify_source(path);
  const Compression compression = compression_of(path);
  const CacheEntry entry = entry_of(source, cache_dir);
  if (auto found = find_in_cache(source, compression, entry)) {
    return std::move(*found);
  }
  MappedFile file(path);
  if (const auto lock = CacheLock::acquire(entry.lock)) {
    if (auto found = find_in_cache(source, compression, entry)) {
      return std::move(*found);
    }
    build_in_cache(source, file, compression, entry);
    if (auto found = find_in_cache(source, compression, entry)) {
      return std::move(*found);
    }
  }
  return build_in_memory(source, std::move(file), compression);
}

}  // namespace temper::data
