#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/data/compression.h"

namespace temper::data {

/// decompress() for what only MDS shards use: brotli (RFC 7932), bzip2, and Snappy's raw blocks.
void decompress_foreign(std::span<const std::byte> compressed, Compression compression,
                        const std::string& origin, const ByteSink& sink);

}  // namespace temper::data
