#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace temper::data {

// The seam between Temper and Arrow C++, which lives in a library of its own that is loaded when
// the first Parquet file is opened. Both sides are of one build; only these types go across.

/// Where a Parquet file's bytes come from. read() may throw; it may be called by one thread.
class ParquetInput {
 public:
  virtual ~ParquetInput() = default;
  virtual std::uint64_t size() const = 0;
  /// Bytes [begin, begin + out.size()), all within the file.
  virtual void read(std::uint64_t begin, std::span<std::byte> out) const = 0;
};

/// An open Parquet file. One thread at a time. Throws what its input throws, and
/// std::runtime_error with Arrow's words for a damaged file or a column that JSON can't hold.
class ParquetFile {
 public:
  virtual ~ParquetFile() = default;
  virtual std::vector<std::uint64_t> row_group_rows() const = 0;
  /// Hands the rows of a row group to `sink`, some at a time: each row a JSON object on a line of
  /// its own. Columns that are null in a row are left out of it.
  virtual void write_json_lines(int row_group,
                                const std::function<void(std::string_view)>& sink) const = 0;
};

/// What the library exports as "temper_open_parquet". The caller owns the file; `input` must
/// outlive it.
using OpenParquet = ParquetFile* (*)(const ParquetInput& input);

}  // namespace temper::data
