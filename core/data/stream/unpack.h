#pragma once

#include <filesystem>

#include "core/data/compression.h"
#include "core/data/stream/download.h"

namespace temper::data {

/// A compressed file in a store.
struct PackedFile {
  StoredFile file;
  ExpectedHashes hashes;
  Compression compression = Compression::kNone;
  ExpectedHashes content_hashes;
};

/// download() of `packed` into the part of `packed_path`, then its content into `out`. The part is
/// deleted in the end. What can't be unpacked, or does not hash to what it must, is brought anew
/// twice; then FatalError.
void download_and_unpack(const PackedFile& packed, const std::filesystem::path& packed_path,
                         CacheEntryWriter& out, Clock& clock);

}  // namespace temper::data
