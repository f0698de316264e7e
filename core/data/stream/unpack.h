#pragma once

#include <filesystem>

#include "core/data/compression.h"
#include "core/data/stream/download.h"

namespace temper::data {

/// download() of a compressed file into the part of `packed_path`, then its content into `out`. The
/// part is deleted in the end. What can't be unpacked, or does not hash to what it must, is brought
/// anew twice; then FatalError.
void download_and_unpack(const StoredFile& file, const ExpectedHashes& hashes,
                         Compression compression, const ExpectedHashes& content_hashes,
                         const std::filesystem::path& packed_path, CacheEntryWriter& out,
                         Clock& clock);

}  // namespace temper::data
