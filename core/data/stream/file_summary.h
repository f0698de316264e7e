#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace temper::data {

/// What must be known of a JSONL or Parquet file before any record of it can be asked for.
struct FileSummary {
  std::string key;  ///< below the folder of the index
  std::uint64_t size_bytes = 0;
  /// sha256 of the content (decompressed lines), or of a Parquet file's footer.
  std::string sha256;
  /// Records of each shard that the file is: one for JSONL, one a row group for Parquet.
  std::vector<std::uint64_t> records;
  bool operator==(const FileSummary&) const = default;
};

/// The object that `temper data index` leaves in a folder of data. docs/data.md has its format.
inline constexpr std::string_view kDataIndexName = "temper-data-index.json";

std::string serialize_data_index(const std::vector<FileSummary>& files);
/// FatalError naming `origin` if it is damaged or of another version.
std::vector<FileSummary> parse_data_index(std::string_view json, const std::string& origin);

}  // namespace temper::data
