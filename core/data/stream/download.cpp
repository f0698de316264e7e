#include "core/data/stream/download.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/base/crc32c.h"
#include "core/base/error.h"
#include "core/data/content_hash.h"

namespace temper::data {
namespace {

using Kind = storage::StorageError::Kind;

constexpr int kMostFailures = 6;   // one after another, without a byte of progress
constexpr int kMostDownloads = 3;  // of an object that arrives damaged
constexpr std::uint64_t kPieceBytes = 8U << 20;

/// Doubling pauses. The stores spread their own retries at random; these come after those.
void wait_before_try(int failures, Clock& clock) {
  constexpr std::chrono::milliseconds kFirst{100};
  clock.sleep_for(kFirst * (1 << (failures - 1)));
}

[[noreturn]] void throw_changed(const StoredFile& file, std::string_view how) {
  throw FatalError(
      fmt::format("{}: changed since it was listed: {}. Put it back, or if the change is meant, "
                  "run `temper data index` on its folder again (if it has an index) and start a "
                  "new run",
                  file.name, how));
}

void check_unchanged(const StoredFile& file) {
  const auto state = file.store->state(file.key);
  if (!state) {
    throw_changed(file, "it is gone");
  }
  if (state->size_bytes != file.size_bytes) {
    throw_changed(file, fmt::format("it has {} bytes, not {}", state->size_bytes, file.size_bytes));
  }
  if (!file.version.empty() && state->version != file.version) {
    throw_changed(file, fmt::format("it is version {}, not {}", state->version, file.version));
  }
}

void check_checksum(std::span<const std::byte> bytes, const StoredFile& file) {
  if (file.crc32c && crc32c(bytes) != *file.crc32c) {
    check_unchanged(file);
    throw FatalError(fmt::format("{}: arrives damaged: CRC-32C {:08x} instead of {:08x}; run again",
                                 file.name, crc32c(bytes), *file.crc32c));
  }
}

void download_rest(const StoredFile& file, CacheEntryWriter& out, Clock& clock) {
  std::vector<std::byte> piece;
  while (out.size_bytes() < file.size_bytes) {
    piece.resize(std::min(kPieceBytes, file.size_bytes - out.size_bytes()));
    read_stored_range(file, out.size_bytes(), piece, clock);
    out.append(piece);
  }
}

}  // namespace

void check_hashes(std::span<const std::byte> bytes, const ExpectedHashes& hashes,
                  std::string_view name) {
  for (const auto& [hash_name, expected] : hashes) {
    const auto hash = ContentHash::named(hash_name);
    if (hash == nullptr) {
      continue;
    }
    hash->update(bytes);
    const std::string got = hash->hex_digest();
    if (got != expected) {
      throw FatalError(fmt::format(
          "{}: damaged, or changed since its index was made: {} {} instead of {}. Put the right "
          "file back, or index the data again and start a new run",
          name, hash_name, got, expected));
    }
  }
}

void read_stored_range(const StoredFile& file, std::uint64_t begin, std::span<std::byte> out,
                       Clock& clock) {
  for (int failures = 1;; ++failures) {
    try {
      return file.store->read_range(file.key, begin, out);
    } catch (const storage::StorageError& error) {
      const bool is_changed = error.kind() == Kind::kNotFound || error.kind() == Kind::kCorrupt;
      if (is_changed) {
        check_unchanged(file);  // else the store's own checksum found a damaged answer
      }
      if ((!is_changed && error.kind() != Kind::kUnavailable) || failures == kMostFailures) {
        throw;
      }
    }
    wait_before_try(failures, clock);
  }
}

void download(const StoredFile& file, const ExpectedHashes& hashes, CacheEntryWriter& out,
              Clock& clock) {
  const bool can_tell = !hashes.empty() || file.crc32c;
  if (!can_tell || out.size_bytes() > file.size_bytes) {
    out.clear();
  }
  for (int downloads = 1;; ++downloads) {
    download_rest(file, out, clock);
    try {
      const MappedFile bytes = out.map();
      check_checksum(bytes.bytes(), file);
      return check_hashes(bytes.bytes(), hashes, file.name);
    } catch (const FatalError&) {
      out.clear();
      if (downloads == kMostDownloads) {
        throw;
      }
    }
  }
}

std::vector<std::byte> read_stored_file(const StoredFile& file, Clock& clock) {
  std::vector<std::byte> bytes(file.size_bytes);
  for (int downloads = 1;; ++downloads) {
    read_stored_range(file, 0, bytes, clock);
    try {
      check_checksum(bytes, file);
      return bytes;
    } catch (const FatalError&) {
      if (downloads == kMostDownloads) {
        throw;
      }
    }
  }
}

}  // namespace temper::data
