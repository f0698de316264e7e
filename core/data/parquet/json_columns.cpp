#include "core/data/parquet/json_columns.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/data/json_text.h"

namespace temper::data {
namespace {

/// What all have: the array, and null for null.
template <class ArrowArray>
class ColumnOf : public JsonColumn {
 public:
  explicit ColumnOf(const arrow::Array& array) : array_(static_cast<const ArrowArray&>(array)) {}
  bool is_null(std::int64_t row) const final { return array_.IsNull(row); }
  void append(std::string& out, std::int64_t row) const final {
    if (array_.IsNull(row)) {
      out += "null";
    } else {
      append_value(out, row);
    }
  }

 protected:
  virtual void append_value(std::string& out, std::int64_t row) const = 0;
  const ArrowArray& array_;
};

template <class ArrowArray>
class TextColumn final : public ColumnOf<ArrowArray> {
  using ColumnOf<ArrowArray>::ColumnOf;
  void append_value(std::string& out, std::int64_t row) const override {
    append_json_string(out, this->array_.GetView(row));
  }
};

template <class ArrowArray>
class BinaryColumn final : public ColumnOf<ArrowArray> {
  using ColumnOf<ArrowArray>::ColumnOf;
  void append_value(std::string& out, std::int64_t row) const override {
    append_json_base64(out, std::as_bytes(std::span(this->array_.GetView(row))));
  }
};

template <class ArrowArray>
class IntegerColumn final : public ColumnOf<ArrowArray> {
  using ColumnOf<ArrowArray>::ColumnOf;
  void append_value(std::string& out, std::int64_t row) const override {
    fmt::format_to(std::back_inserter(out), "{}", this->array_.Value(row));
  }
};

template <class ArrowArray>
class FloatColumn final : public ColumnOf<ArrowArray> {
  using ColumnOf<ArrowArray>::ColumnOf;
  void append_value(std::string& out, std::int64_t row) const override {
    append_json_number(out, this->array_.Value(row));
  }
};

class BooleanColumn final : public ColumnOf<arrow::BooleanArray> {
  using ColumnOf::ColumnOf;
  void append_value(std::string& out, std::int64_t row) const override {
    out += array_.Value(row) ? "true" : "false";
  }
};

class NullColumn final : public ColumnOf<arrow::NullArray> {
  using ColumnOf::ColumnOf;
  void append_value(std::string& out, std::int64_t /*row*/) const override { out += "null"; }
};

/// As Arrow prints it.
class PrintedColumn final : public ColumnOf<arrow::Array> {
  using ColumnOf::ColumnOf;
  void append_value(std::string& out, std::int64_t row) const override {
    append_json_string(out, array_.GetScalar(row).ValueOrDie()->ToString());
  }
};

template <class ArrowArray>
class ListColumn final : public ColumnOf<ArrowArray> {
 public:
  explicit ListColumn(const arrow::Array& array)
      : ColumnOf<ArrowArray>(array), values_(make_json_column(*this->array_.values())) {}

 private:
  void append_value(std::string& out, std::int64_t row) const override {
    const auto begin = static_cast<std::int64_t>(this->array_.value_offset(row));
    const auto end = begin + static_cast<std::int64_t>(this->array_.value_length(row));
    out += '[';
    for (std::int64_t i = begin; i < end; ++i) {
      out += i == begin ? "" : ",";
      values_->append(out, i);
    }
    out += ']';
  }
  std::unique_ptr<JsonColumn> values_;
};

class StructColumn final : public ColumnOf<arrow::StructArray> {
 public:
  explicit StructColumn(const arrow::Array& array) : ColumnOf(array) {
    for (int i = 0; i < array_.num_fields(); ++i) {
      fields_.push_back(array_.field(i));  // with the struct's own offset applied
      std::string key;
      append_json_string(key, array_.struct_type()->field(i)->name());
      columns_.emplace_back(key + ":", make_json_column(*fields_.back()));
    }
  }

 private:
  void append_value(std::string& out, std::int64_t row) const override {
    out += '{';
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      out += i == 0 ? "" : ",";
      out += columns_[i].first;
      columns_[i].second->append(out, row);
    }
    out += '}';
  }
  std::vector<std::shared_ptr<arrow::Array>> fields_;
  std::vector<std::pair<std::string, std::unique_ptr<JsonColumn>>> columns_;
};

class DictionaryColumn final : public ColumnOf<arrow::DictionaryArray> {
 public:
  explicit DictionaryColumn(const arrow::Array& array)
      : ColumnOf(array), values_(make_json_column(*array_.dictionary())) {}

 private:
  void append_value(std::string& out, std::int64_t row) const override {
    values_->append(out, array_.GetValueIndex(row));
  }
  std::unique_ptr<JsonColumn> values_;
};

template <class Column>
std::unique_ptr<JsonColumn> make(const arrow::Array& array) {
  return std::make_unique<Column>(array);
}

/// nullptr for a type that is not flat.
std::unique_ptr<JsonColumn> make_flat_column(const arrow::Array& array) {
  using arrow::Type;
  switch (array.type_id()) {
    case Type::STRING:
      return make<TextColumn<arrow::StringArray>>(array);
    case Type::LARGE_STRING:
      return make<TextColumn<arrow::LargeStringArray>>(array);
    case Type::STRING_VIEW:
      return make<TextColumn<arrow::StringViewArray>>(array);
    case Type::BINARY:
      return make<BinaryColumn<arrow::BinaryArray>>(array);
    case Type::LARGE_BINARY:
      return make<BinaryColumn<arrow::LargeBinaryArray>>(array);
    case Type::FIXED_SIZE_BINARY:
      return make<BinaryColumn<arrow::FixedSizeBinaryArray>>(array);
    case Type::BOOL:
      return make<BooleanColumn>(array);
    case Type::NA:
      return make<NullColumn>(array);
    case Type::INT8:
      return make<IntegerColumn<arrow::Int8Array>>(array);
    case Type::INT16:
      return make<IntegerColumn<arrow::Int16Array>>(array);
    case Type::INT32:
      return make<IntegerColumn<arrow::Int32Array>>(array);
    case Type::INT64:
      return make<IntegerColumn<arrow::Int64Array>>(array);
    case Type::UINT8:
      return make<IntegerColumn<arrow::UInt8Array>>(array);
    case Type::UINT16:
      return make<IntegerColumn<arrow::UInt16Array>>(array);
    case Type::UINT32:
      return make<IntegerColumn<arrow::UInt32Array>>(array);
    case Type::UINT64:
      return make<IntegerColumn<arrow::UInt64Array>>(array);
    case Type::FLOAT:
      return make<FloatColumn<arrow::FloatArray>>(array);
    case Type::DOUBLE:
      return make<FloatColumn<arrow::DoubleArray>>(array);
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIMESTAMP:
    case Type::TIME32:
    case Type::TIME64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return make<PrintedColumn>(array);
    default:
      return nullptr;
  }
}

}  // namespace

std::unique_ptr<JsonColumn> make_json_column(const arrow::Array& array) {
  using arrow::Type;
  if (auto flat = make_flat_column(array)) {
    return flat;
  }
  switch (array.type_id()) {
    case Type::LIST:
    case Type::MAP:
      return make<ListColumn<arrow::ListArray>>(array);
    case Type::LARGE_LIST:
      return make<ListColumn<arrow::LargeListArray>>(array);
    case Type::FIXED_SIZE_LIST:
      return make<ListColumn<arrow::FixedSizeListArray>>(array);
    case Type::STRUCT:
      return make<StructColumn>(array);
    case Type::DICTIONARY:
      return make<DictionaryColumn>(array);
    default:
      throw std::runtime_error(
          fmt::format("a column of type {} has no form in JSON; drop it when writing the file",
                      array.type()->ToString()));
  }
}

}  // namespace temper::data
