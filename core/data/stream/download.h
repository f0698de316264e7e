#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/data/stream/cache_entry.h"
#include "core/data/stream/stored_file.h"

namespace temper::data {

/// What the bytes of a file must hash to: Python's name of the hash → hexadecimal digits. Names
/// that ContentHash does not know are passed over.
using ExpectedHashes = std::map<std::string, std::string>;

/// FatalError naming `name` unless the bytes hash to what they must.
void check_hashes(std::span<const std::byte> bytes, const ExpectedHashes& hashes,
                  std::string_view name);

/// Brings a whole object into `out`, going on where `out` ends. Failures of the store are retried
/// with growing pauses, from the byte that was reached; bytes that don't hash to what they must, or
/// to the store's own checksum, are brought anew twice. A part that an earlier process left is gone
/// on with only if a hash will tell whether it belongs to this object.
/// Throws what the store throws when it stays down; FatalError naming the URL when the object is no
/// longer the one that was listed, or stays damaged.
void download(const StoredFile& file, const ExpectedHashes& hashes, CacheEntryWriter& out,
              Clock& clock);

/// Bytes [begin, begin + out.size()) of an object, with the same patience.
void read_stored_range(const StoredFile& file, std::uint64_t begin, std::span<std::byte> out,
                       Clock& clock);

/// A whole small object, with the same patience, and verified by the store's checksum if it is
/// known.
std::vector<std::byte> read_stored_file(const StoredFile& file, Clock& clock);

}  // namespace temper::data
