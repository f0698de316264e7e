// The library that links Arrow C++: reads Parquet files and turns rows into JSON.

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "core/data/json_text.h"
#include "core/data/parquet/json_columns.h"
#include "core/data/parquet/parquet_file.h"
#include "core/data/parquet/text_rows.h"

namespace temper::data {
namespace {

/// A ParquetInput as Arrow wants it. What the input throws is kept, as Arrow knows no exceptions.
class ArrowInput final : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowInput(const ParquetInput& input) : input_(input) {}
  ~ArrowInput() override = default;

  /// Throws what the input threw since it was asked last.
  void rethrow() {
    if (const auto thrown = std::exchange(thrown_, nullptr)) {
      std::rethrow_exception(thrown);
    }
  }

  arrow::Result<std::int64_t> GetSize() override {
    return static_cast<std::int64_t>(input_.size());
  }
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t size, void* out) override {
    const auto total = static_cast<std::int64_t>(input_.size());
    if (position < 0 || position > total || size < 0) {
      return arrow::Status::Invalid("a position outside the file");
    }
    const std::int64_t given = std::min(size, total - position);
    try {
      input_.read(static_cast<std::uint64_t>(position),
                  {static_cast<std::byte*>(out), static_cast<std::size_t>(given)});
    } catch (...) {
      thrown_ = std::current_exception();
      return arrow::Status::IOError("could not be read");
    }
    return given;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position,
                                                       std::int64_t size) override {
    const auto total = static_cast<std::int64_t>(input_.size());
    if (position < 0 || position > total || size < 0) {
      return arrow::Status::Invalid("a position outside the file");
    }
    const std::int64_t given = std::min(size, total - position);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(given));
    ARROW_RETURN_NOT_OK(ReadAt(position, given, buffer->mutable_data()));
    return buffer;
  }
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t given, ReadAt(position_, size, out));
    position_ += given;
    return given;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, size));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Status Seek(std::int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return is_closed_; }

 private:
  const ParquetInput& input_;
  std::int64_t position_ = 0;
  bool is_closed_ = false;
  std::exception_ptr thrown_;
};

void check(const arrow::Status& status, ArrowInput& input) {
  if (!status.ok()) {
    input.rethrow();
    throw std::runtime_error(status.ToString());
  }
}

constexpr std::size_t kPieceBytes = std::size_t{1} << 18;  // stays in the cache

void write_rows(TextRows& rows, const std::function<void(std::string_view)>& sink) {
  std::string lines;
  while (rows.append_row(lines)) {
    lines += '\n';
    if (lines.size() >= kPieceBytes) {
      sink(lines);
      lines.clear();
    }
  }
  sink(lines);
}

void write_batch(const arrow::RecordBatch& batch,
                 const std::function<void(std::string_view)>& sink) {
  std::vector<std::string> keys;
  std::vector<std::unique_ptr<JsonColumn>> columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    append_json_string(keys.emplace_back(), batch.column_name(i));
    keys.back() += ':';
    columns.push_back(make_json_column(*batch.column(i)));
  }
  std::string lines;
  for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
    lines += '{';
    bool first = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!columns[i]->is_null(row)) {
        lines += first ? "" : ",";
        lines += keys[i];
        columns[i]->append(lines, row);
        first = false;
      }
    }
    lines += "}\n";
    if (lines.size() >= kPieceBytes) {
      sink(lines);
      lines.clear();
    }
  }
  sink(lines);
}

constexpr std::int64_t kBatchRows = 1024;  // few enough that their arrays stay in the cache

class ArrowParquetFile final : public ParquetFile {
 public:
  explicit ArrowParquetFile(const ParquetInput& input)
      : input_(std::make_shared<ArrowInput>(input)) {
    parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(input_), *input_);
    parquet::ArrowReaderProperties properties;
    properties.set_use_threads(false);  // shards are read in parallel by our own threads
    properties.set_batch_size(kBatchRows);
    check(
        builder.memory_pool(arrow::default_memory_pool())->properties(properties)->Build(&reader_),
        *input_);
  }

  std::vector<std::uint64_t> row_group_rows() const override {
    const auto metadata = reader_->parquet_reader()->metadata();
    std::vector<std::uint64_t> rows;
    for (int i = 0; i < metadata->num_row_groups(); ++i) {
      const std::int64_t count = metadata->RowGroup(i)->num_rows();
      if (count < 0) {
        throw std::runtime_error(fmt::format("row group {} has {} rows", i, count));
      }
      rows.push_back(static_cast<std::uint64_t>(count));
    }
    return rows;
  }

  void write_json_lines(int row_group,
                        const std::function<void(std::string_view)>& sink) const override {
    if (write_text_rows(row_group, sink)) {
      return;
    }
    auto opened = reader_->GetRecordBatchReader({row_group});
    check(opened.status(), *input_);
    const auto batches = std::move(opened).ValueOrDie();
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      check(batches->ReadNext(&batch), *input_);
      if (batch == nullptr) {
        return;
      }
      write_batch(*batch, sink);
    }
  }

 private:
  /// The quick way for rows of nothing but text; false if these are others.
  bool write_text_rows(int row_group, const std::function<void(std::string_view)>& sink) const {
    try {
      const auto rows = TextRows::open(*reader_->parquet_reader(), row_group);
      if (rows != nullptr) {
        write_rows(*rows, sink);
      }
      return rows != nullptr;
    } catch (const parquet::ParquetException&) {
      input_->rethrow();
      throw;
    }
  }

  std::shared_ptr<ArrowInput> input_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
};

}  // namespace
}  // namespace temper::data

extern "C" __attribute__((visibility("default"))) temper::data::ParquetFile* temper_open_parquet(
    const temper::data::ParquetInput& input) {
  return std::make_unique<temper::data::ArrowParquetFile>(input).release();
}
