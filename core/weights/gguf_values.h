#pragma once

#include <string_view>

#include "core/weights/byte_cursor.h"
#include "core/weights/gguf.h"

namespace temper::weights {

/// Reads a metadata value: its u32 type, then the value (gguf.md, "gguf_metadata_value_type_t").
/// Nested arrays are refused: no known key has one.
GgufValue read_gguf_value(ByteCursor& cursor, std::string_view key);

}  // namespace temper::weights
