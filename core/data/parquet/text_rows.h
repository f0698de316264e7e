#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace parquet {
class ParquetFileReader;
}

namespace temper::data {

/// The rows of a row group all of whose columns are text or lists of structs of text, as those of
/// chats are, written from Parquet's pages into JSON without Arrow's arrays between them.
class TextRows {
 public:
  /// nullptr if a column is anything else. `file` outlives the rows.
  static std::unique_ptr<TextRows> open(parquet::ParquetFileReader& file, int row_group);
  virtual ~TextRows() = default;

  /// Appends the next row as a JSON object, what make_json_column makes of it but for columns that
  /// are null, which are left out. False if there are no more rows. Throws std::runtime_error if
  /// the columns do not belong together, parquet::ParquetException for damaged pages.
  virtual bool append_row(std::string& out) = 0;
};

}  // namespace temper::data
