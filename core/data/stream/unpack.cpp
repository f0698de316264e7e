#include "core/data/stream/unpack.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::data {

void download_and_unpack(const StoredFile& file, const ExpectedHashes& hashes,
                         Compression compression, const ExpectedHashes& content_hashes,
                         const std::filesystem::path& packed_path, CacheEntryWriter& out,
                         Clock& clock) {
  constexpr int kMostTries = 3;
  CacheEntryWriter packed(packed_path);
  for (int tries = 1;; ++tries) {
    download(file, hashes, packed, clock);
    out.clear();
    try {
      const MappedFile bytes = packed.map();
      decompress(bytes.bytes(), compression, file.name,
                 [&out](std::span<const std::byte> piece) { out.append(piece); });
      check_hashes(out.map().bytes(), content_hashes, file.name);
      packed.discard();
      return;
    } catch (const FatalError&) {
      packed.clear();
      if (tries == kMostTries) {
        packed.discard();
        throw;
      }
    }
  }
}

}  // namespace temper::data
