#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/weights/tensor_file.h"

namespace temper::weights {

/// One entry of a safetensors header, as it is written: not yet held against the data.
struct SafetensorsEntry {
  std::string name;
  DataType type = DataType::kF32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< bytes from the start of the data
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of the file
  std::map<std::string, std::string> metadata;
};

/// Reads the JSON text of a header:
///   {"__metadata__": {"key": "text", …}, "name": {"dtype": "F32", "shape": [2, 3],
///    "data_offsets": [0, 24]}, …}
/// Throws UserError naming `origin` and the entry for anything else: another structure, a duplicate
/// or missing key, a number that is no non-negative integer of 63 bits, an unknown dtype.
SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& origin);

}  // namespace temper::weights
