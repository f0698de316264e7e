// A Parquet column is a sequence of values, each with two small numbers (S. Melnik et al., Dremel,
// section 4.1; parquet-format, "Nested Encoding"). The definition level says how much of the path
// to the value is there: with all of it there is a value, with less the path ends in a null or an
// empty list. The repetition level is 0 where a row begins, 1 where its list goes on.
//
// The leaves of one list have the same repetition levels, so an element is written by taking one
// value from each of them. A value is a pointer into its page and good until its column reads on;
// it is written at once.

#include "core/data/parquet/text_rows.h"

#include <arrow/io/caching.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <fmt/format.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <array>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "core/data/json_text.h"

namespace temper::data {
namespace {

using parquet::schema::GroupNode;
using parquet::schema::Node;

/// A column of text, value by value.
class Leaf {
 public:
  /// `num_values`, with nulls, as the file's metadata has it.
  Leaf(std::shared_ptr<parquet::ColumnReader> reader, std::int64_t num_values)
      : values_left_(num_values),
        reader_(std::move(reader)),
        typed_(static_cast<parquet::ByteArrayReader&>(*reader_)),
        value_level_(reader_->descr()->max_definition_level()) {}

  bool at_end() {
    for (int empty_pages = 0; level_ == num_levels_ && values_left_ > 0;) {
      if (!reader_->HasNext()) {  // an empty page, which pyarrow writes, is no end
        if (++empty_pages == kMostEmptyPages) {
          break;
        }
        continue;
      }
      std::int64_t num_values = 0;
      const std::int64_t num_levels = typed_.ReadBatch(
          kLevels, definitions_.data(), repetitions_.data(), values_.data(), &num_values);
      values_left_ -= num_levels;
      num_levels_ = static_cast<std::size_t>(num_levels);
      level_ = value_ = 0;
    }
    return level_ == num_levels_;
  }

  // Of the value that comes next; not at the end.
  std::int16_t definition() const { return definitions_[level_]; }
  bool begins_row() const { return repetitions_[level_] == 0; }

  /// Appends the next value, or null, and goes on.
  void take(std::string& out) {
    if (definition() == value_level_) {
      const parquet::ByteArray& value = values_[value_];
      append_json_string(out, {reinterpret_cast<const char*>(value.ptr), value.len});
    } else {
      out += "null";
    }
    skip();
  }
  void skip() {
    value_ += definition() == value_level_ ? 1 : 0;
    ++level_;
  }

  /// Throws unless there is a next value and it begins a row, or does not.
  void expect(bool row_begin) {
    if (at_end() || begins_row() != row_begin) {
      throw std::runtime_error(fmt::format("column {} has other rows than the file's",
                                           reader_->descr()->path()->ToDotString()));
    }
  }

 private:
  static constexpr std::size_t kLevels = 1024;
  static constexpr int kMostEmptyPages = 1000;  // in a row
  std::int64_t values_left_;                    // not read yet
  const std::shared_ptr<parquet::ColumnReader> reader_;
  parquet::ByteArrayReader& typed_;
  const std::int16_t value_level_;
  // Parquet leaves those of a column without levels as they are: 0.
  std::array<std::int16_t, kLevels> definitions_{};
  std::array<std::int16_t, kLevels> repetitions_{};
  std::array<parquet::ByteArray, kLevels> values_;
  std::size_t level_ = 0;
  std::size_t value_ = 0;  // of values_, which has no place for nulls
  std::size_t num_levels_ = 0;
};

std::string key_of(const Node& node) {
  std::string key;
  append_json_string(key, node.name());
  return key + ':';
}

/// A column of the table.
class Field {
 public:
  explicit Field(const Node& node) : key_(key_of(node)) {}
  virtual ~Field() = default;
  const std::string& key() const { return key_; }
  /// Whether it is null in the next row. Throws if there is none.
  virtual bool is_null() = 0;
  virtual void take(std::string& out) = 0;
  virtual void skip() = 0;  ///< a null
  virtual bool at_end() = 0;

 private:
  std::string key_;
};

class TextField final : public Field {
 public:
  TextField(const Node& node, std::unique_ptr<Leaf> leaf)
      : Field(node), is_optional_(node.is_optional()), leaf_(std::move(leaf)) {}
  bool is_null() override {
    leaf_->expect(true);
    return is_optional_ && leaf_->definition() == 0;
  }
  void take(std::string& out) override { leaf_->take(out); }
  void skip() override { leaf_->skip(); }
  bool at_end() override { return leaf_->at_end(); }

 private:
  bool is_optional_;
  std::unique_ptr<Leaf> leaf_;
};

class ListField final : public Field {
 public:
  /// `node`: the list; `item`: the struct in it; `leaves`: its fields.
  ListField(const Node& node, const GroupNode& item, std::vector<std::unique_ptr<Leaf>> leaves)
      : Field(node),
        list_level_(node.is_optional() ? 1 : 0),
        item_level_(static_cast<std::int16_t>(list_level_ + (item.is_optional() ? 2 : 1))),
        leaves_(std::move(leaves)) {
    for (int i = 0; i < item.field_count(); ++i) {
      keys_.push_back((i == 0 ? "" : ",") + key_of(*item.field(i)));
    }
  }

  bool is_null() override {
    expect(true);
    return leaves_[0]->definition() < list_level_;
  }
  void take(std::string& out) override {
    out += '[';
    if (leaves_[0]->definition() == list_level_) {
      skip();
    } else {
      take_item(out);
      while (!leaves_[0]->at_end() && !leaves_[0]->begins_row()) {
        expect(false);
        out += ',';
        take_item(out);
      }
    }
    out += ']';
  }
  void skip() override {
    for (const auto& leaf : leaves_) {
      leaf->skip();
    }
  }
  bool at_end() override {
    bool all = true;
    for (const auto& leaf : leaves_) {
      all = leaf->at_end() && all;
    }
    return all;
  }

 private:
  void expect(bool row_begin) {
    for (const auto& leaf : leaves_) {
      leaf->expect(row_begin);
    }
  }
  void take_item(std::string& out) {
    if (leaves_[0]->definition() < item_level_) {
      out += "null";
      return skip();
    }
    out += '{';
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      out += keys_[i];
      leaves_[i]->take(out);
    }
    out += '}';
  }

  const std::int16_t list_level_, item_level_;  // where the list, and its struct, are not null
  std::vector<std::string> keys_;
  std::vector<std::unique_ptr<Leaf>> leaves_;
};

bool is_text(const Node& node) {
  return node.is_primitive() && !node.is_repeated() && node.logical_type()->is_string() &&
         static_cast<const parquet::schema::PrimitiveNode&>(node).physical_type() ==
             parquet::Type::BYTE_ARRAY;
}

/// The struct in a list of structs of text (parquet-format, "Lists", three levels); nullptr if it
/// is anything else.
const GroupNode* item_of(const Node& node) {
  if (!node.is_group() || node.is_repeated() || !node.logical_type()->is_list()) {
    return nullptr;
  }
  const auto& list = static_cast<const GroupNode&>(node);
  if (list.field_count() != 1 || !list.field(0)->is_group() || !list.field(0)->is_repeated()) {
    return nullptr;
  }
  const auto& repeated = static_cast<const GroupNode&>(*list.field(0));
  const bool is_old = repeated.name() == "array" || repeated.name() == node.name() + "_tuple";
  if (is_old || repeated.field_count() != 1 || !repeated.field(0)->is_group() ||
      repeated.field(0)->is_repeated() || !repeated.field(0)->logical_type()->is_none()) {
    return nullptr;
  }
  const auto& item = static_cast<const GroupNode&>(*repeated.field(0));
  for (int i = 0; i < item.field_count(); ++i) {
    if (!is_text(*item.field(i))) {
      return nullptr;
    }
  }
  return item.field_count() > 0 ? &item : nullptr;
}

class PageTextRows final : public TextRows {
 public:
  PageTextRows(std::vector<std::unique_ptr<Field>> fields, std::int64_t num_rows)
      : fields_(std::move(fields)), rows_left_(num_rows) {}

  bool append_row(std::string& out) override {
    if (rows_left_ == 0) {
      for (const auto& field : fields_) {
        if (!field->at_end()) {
          throw std::runtime_error(
              fmt::format("column {} has more rows than the file", field->key()));
        }
      }
      return false;
    }
    --rows_left_;
    out += '{';
    bool first = true;
    for (const auto& field : fields_) {
      if (field->is_null()) {
        field->skip();
        continue;
      }
      out += first ? "" : ",";
      out += field->key();
      field->take(out);
      first = false;
    }
    out += '}';
    return true;
  }

 private:
  std::vector<std::unique_ptr<Field>> fields_;
  std::int64_t rows_left_;
};

}  // namespace

std::unique_ptr<TextRows> TextRows::open(parquet::ParquetFileReader& file, int row_group) {
  const GroupNode& root = *file.metadata()->schema()->group_node();
  for (int i = 0; i < root.field_count(); ++i) {
    if (!is_text(*root.field(i)) && item_of(*root.field(i)) == nullptr) {
      return nullptr;
    }
  }
  // Neighbouring columns in one read, as Arrow's own reader does.
  std::vector<int> columns(static_cast<std::size_t>(file.metadata()->num_columns()));
  std::iota(columns.begin(), columns.end(), 0);
  file.PreBuffer({row_group}, columns, arrow::io::IOContext(arrow::default_memory_pool()),
                 arrow::io::CacheOptions::LazyDefaults());
  const auto group = file.RowGroup(row_group);
  std::vector<std::unique_ptr<Field>> fields;
  int column = 0;
  const auto next_leaf = [&] {
    const std::int64_t num_values = group->metadata()->ColumnChunk(column)->num_values();
    return std::make_unique<Leaf>(group->Column(column++), num_values);
  };
  for (int i = 0; i < root.field_count(); ++i) {
    const Node& node = *root.field(i);
    if (const GroupNode* item = item_of(node)) {
      std::vector<std::unique_ptr<Leaf>> leaves;
      for (int j = 0; j < item->field_count(); ++j) {
        leaves.push_back(next_leaf());
      }
      fields.push_back(std::make_unique<ListField>(node, *item, std::move(leaves)));
    } else {
      fields.push_back(std::make_unique<TextField>(node, next_leaf()));
    }
  }
  return std::make_unique<PageTextRows>(std::move(fields), group->metadata()->num_rows());
}

}  // namespace temper::data
