#include "core/weights/safetensors_header.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/base/error.h"

namespace temper::weights {
namespace {

constexpr const char* kMetadataKey = "__metadata__";

std::optional<DataType> safetensors_type(std::string_view name) {
  for (const DataType type :
       {DataType::kF32, DataType::kF16, DataType::kBF16, DataType::kF64, DataType::kI64,
        DataType::kI32, DataType::kI16, DataType::kI8, DataType::kU8, DataType::kBool}) {
    if (name == data_type_name(type)) {
      return type;
    }
  }
  return std::nullopt;
}

// Follows the parser's events through the fixed structure of a header; no tree is built, so a
// hostile header costs no more memory than its text.
class HeaderEvents final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderEvents(const std::string& origin) : origin_(origin) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (place_ == Place::kOutside) {
      place_ = Place::kTop;
    } else if (place_ == Place::kTop && name_ == kMetadataKey) {
      place_ = Place::kMetadata;
    } else if (place_ == Place::kTop) {
      place_ = Place::kTensor;
      entry_ = {};
      entry_.name = name_;
      fields_.clear();
    } else {
      fail("an object where none belongs");
    }
    return true;
  }

  bool key(std::string& text) override {
    switch (place_) {
      case Place::kTop:
        name_ = text;
        field_.clear();
        if (!names_.insert(text).second) {
          fail("the name occurs twice");
        }
        break;
      case Place::kMetadata:
        field_ = text;
        if (header_.metadata.contains(text)) {
          fail("the key occurs twice");
        }
        break;
      default:
        field_ = text;
        if (text != "dtype" && text != "shape" && text != "data_offsets") {
          fail("unknown key; a tensor has dtype, shape and data_offsets");
        }
        if (!fields_.insert(text).second) {
          fail("the key occurs twice");
        }
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      field_.clear();
      if (fields_.size() != 3) {
        fail("needs dtype, shape and data_offsets");
      }
      header_.entries.push_back(std::move(entry_));
    }
    place_ = place_ == Place::kTop ? Place::kOutside : Place::kTop;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::kTensor || field_ == "dtype") {
      fail("a list where none belongs");
    }
    place_ = field_ == "shape" ? Place::kShape : Place::kOffsets;
    num_offsets_ = 0;
    return true;
  }

  bool end_array() override {
    if (place_ == Place::kOffsets && num_offsets_ != 2) {
      fail(fmt::format("has {} numbers, begin and end are needed", num_offsets_));
    }
    place_ = Place::kTensor;
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::kMetadata) {
      header_.metadata.emplace(field_, text);
    } else if (place_ == Place::kTensor && field_ == "dtype") {
      const std::optional<DataType> type = safetensors_type(text);
      if (!type) {
        fail(
            fmt::format("'{}' is not supported (F64, F32, F16, BF16, I64, I32, I16, I8, U8 and "
                        "BOOL are)",
                        text));
      }
      entry_.type = *type;
    } else {
      fail("a text where none belongs");
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) override {
    constexpr std::uint64_t kMaximum = std::numeric_limits<std::int64_t>::max();
    if (value > kMaximum) {
      fail(fmt::format("{} is too large", value));
    }
    if (place_ == Place::kShape) {
      entry_.shape.push_back(static_cast<std::int64_t>(value));
    } else if (place_ == Place::kOffsets) {
      (num_offsets_ == 0 ? entry_.begin : entry_.end) = value;
      ++num_offsets_;
    } else {
      fail("a number where none belongs");
    }
    return true;
  }

  bool number_integer(std::int64_t value) override {
    fail(fmt::format("{} where a non-negative integer belongs", value));
  }
  bool number_float(double, const std::string& text) override {
    fail(fmt::format("{} where a non-negative integer belongs", text));
  }
  bool null() override { fail("null where a value belongs"); }
  bool boolean(bool value) override { fail(fmt::format("{} where none belongs", value)); }
  bool binary(binary_t&) override { fail("binary data"); }

  bool parse_error(std::size_t position, const std::string& last,
                   const nlohmann::detail::exception&) override {
    throw UserError(
        fmt::format("{}: the safetensors header is no JSON at byte {} (near '{}'); the "
                    "file is damaged or of another format",
                    origin_, position, last.substr(0, 40)));
  }

 private:
  enum class Place { kOutside, kTop, kMetadata, kTensor, kShape, kOffsets };

  [[noreturn]] void fail(const std::string& what) const {
    const std::string where = field_.empty() ? "" : fmt::format(": {}", field_);
    throw UserError(fmt::format("{}: safetensors header: '{}'{}: {}", origin_, name_, where, what));
  }

  const std::string& origin_;
  SafetensorsHeader header_;
  Place place_ = Place::kOutside;
  std::string name_;   // key at the top: a tensor or __metadata__
  std::string field_;  // key inside it
  std::set<std::string> names_;
  std::set<std::string> fields_;
  SafetensorsEntry entry_;
  int num_offsets_ = 0;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& origin) {
  if (!json.starts_with('{')) {
    throw UserError(
        fmt::format("{}: the safetensors header does not begin with '{{'; the file is "
                    "damaged or of another format",
                    origin));
  }
  HeaderEvents events(origin);
  nlohmann::json::sax_parse(json.begin(), json.end(), &events);
  return events.take();
}

}  // namespace temper::weights
