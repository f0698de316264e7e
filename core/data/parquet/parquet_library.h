#pragma once

#include <memory>

#include "core/data/parquet/parquet_file.h"

namespace temper::data {

/// Opens a Parquet file with Arrow C++, whose library is loaded by the first call (it takes about
/// 50 ms and stays). UserError saying how to get it if this build has none. Thread-safe.
std::unique_ptr<ParquetFile> open_parquet(const ParquetInput& input);

}  // namespace temper::data
