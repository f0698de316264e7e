#include "core/data/stream/unpack.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::data {

void download_and_unpack(const PackedFile& packed, const std::filesystem::path& packed_path,
                         CacheEntryWriter& out, Clock& clock) {
  constexpr int kMostTries = 3;
  CacheEntryWriter part(packed_path);
  for (int tries = 1;; ++tries) {
    download(packed.file, packed.hashes, part, clock);
    out.clear();
    try {
      const MappedFile bytes = part.map();
      decompress(bytes.bytes(), packed.compression, packed.file.name,
                 [&out](std::span<const std::byte> piece) { out.append(piece); });
      check_hashes(out.map().bytes(), packed.content_hashes, packed.file.name);
      part.discard();
      return;
    } catch (const FatalError&) {
      part.clear();
      if (tries == kMostTries) {
        part.discard();
        throw;
      }
    }
  }
}

}  // namespace temper::data
