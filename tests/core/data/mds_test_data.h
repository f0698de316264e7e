#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/data/mds/mds_index.h"

namespace temper::data {

/// A value as MDS stores it.
std::string stored_int(std::int64_t value);
std::string stored_words(const std::vector<std::uint32_t>& words);
std::string stored_int32_array(const std::vector<std::int32_t>& values);

/// The columns id: int, text: str, tokens: ndarray:int32.
std::vector<MdsColumn> golden_columns();
/// Two samples in the order of golden_columns(), the same that MosaicML Streaming's own writer was
/// given (reference F): {7, "hi", [1, 2, 3]} and {-1, "é", [65536]}.
std::vector<std::vector<std::string>> golden_samples();

}  // namespace temper::data
