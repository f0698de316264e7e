#include "core/data/mds/mds_encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "core/data/json_text.h"
#include "core/data/mds/byte_taker.h"

namespace temper::data {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::uint64_t> parse_shape(std::string_view name, std::string_view text) {
  std::vector<std::uint64_t> shape;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (true) {
    std::uint32_t dimension = 0;
    const auto [after, error] = std::from_chars(at, end, dimension);
    if (error != std::errc() || dimension == 0 || (after != end && *after != ',')) {
      throw UserError(fmt::format("encoding {}: the shape is a list such as 16,4", name));
    }
    shape.push_back(dimension);
    if (after == end) {
      return shape;
    }
    at = after + 1;
  }
}

/// The number of elements, as far as it fits a shard (4 GiB).
std::uint64_t count_elements(std::span<const std::uint64_t> shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t dimension : shape) {
    if (dimension == 0 || count > std::numeric_limits<std::uint32_t>::max() / dimension) {
      throw FatalError("an array of an impossible shape");
    }
    count *= dimension;
  }
  return count;
}

void append_nested(std::string& out, ScalarType type, std::span<const std::uint64_t> shape,
                   std::span<const std::byte> values) {
  if (shape.empty()) {
    return append_scalar(out, type, values);
  }
  const std::size_t part = values.size() / shape[0];
  out += '[';
  for (std::uint64_t i = 0; i < shape[0]; ++i) {
    out += i == 0 ? "" : ",";
    append_nested(out, type, shape.subspan(1), values.subspan(i * part, part));
  }
  out += ']';
}

void append_pixels(std::string& out, std::span<const std::byte> value) {
  ByteTaker bytes(value);
  const auto width = bytes.take<std::uint32_t>();
  const auto height = bytes.take<std::uint32_t>();
  const auto mode = text_of(bytes.take_bytes(bytes.take<std::uint32_t>()));
  out += fmt::format(R"({{"width":{},"height":{},"mode":)", width, height);
  append_json_string(out, mode);
  out += ",\"data\":";
  append_json_base64(out, bytes.rest());
  out += '}';
}

/// A list of values with their sizes in front.
template <class AppendOne>
void append_sized_list(std::string& out, ByteTaker bytes, const AppendOne& append_one) {
  ByteTaker sizes(bytes.take_array(bytes.take<std::uint32_t>(), sizeof(std::uint32_t)));
  out += '[';
  for (bool first = true; !sizes.rest().empty(); first = false) {
    out += first ? "" : ",";
    append_one(out, bytes.take_bytes(sizes.take<std::uint32_t>()));
  }
  out += ']';
  if (!bytes.rest().empty()) {
    throw FatalError(fmt::format("{} bytes after the list", bytes.rest().size()));
  }
}

/// A line break between the tokens of JSON may be a space; within them it can't stand.
void append_on_one_line(std::string& out, std::string_view json) {
  const std::size_t begin = out.size();
  out += json;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void append_integer_text(std::string& out, std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool sound =
      !digits.empty() && (digits == "0" || digits[0] != '0') &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!sound) {
    throw FatalError(fmt::format("{:?} is no whole number", text.substr(0, 40)));
  }
  out += text;
}

void append_float_text(std::string& out, std::string_view text) {
  const std::string terminated(text);
  char* end = nullptr;
  const double value = std::strtod(terminated.c_str(), &end);
  if (text.empty() || end != terminated.c_str() + terminated.size()) {
    throw FatalError(fmt::format("{:?} is no number", text.substr(0, 40)));
  }
  append_json_number(out, value);
}

}  // namespace

MdsEncoding MdsEncoding::parse(std::string_view name) {
  using enum Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 14> kKinds = {{
      {"str", kText},
      {"str_decimal", kText},
      {"json", kJson},
      {"bytes", kBase64},
      {"jpeg", kBase64},
      {"png", kBase64},
      {"str_int", kIntegerText},
      {"str_float", kFloatText},
      {"pil", kPixels},
      {"jpeg_array", kJpegArray},
      {"jpegarray", kJpegArray},
      {"list[pil]", kPixelsList},
      {"list[jpeg]", kBase64List},
      {"list[png]", kBase64List},
  }};
  MdsEncoding encoding;
  encoding.name_ = name;
  if (const auto type = name == "int" ? ScalarType::kInt64 : scalar_type_named(name)) {
    encoding.kind_ = kScalar;
    encoding.type_ = type;
    return encoding;
  }
  constexpr std::string_view kArrayName = "ndarray";
  if (name == kArrayName || name.starts_with("ndarray:")) {
    encoding.kind_ = kArray;
    const std::string_view parts = name.substr(std::min(name.size(), kArrayName.size() + 1));
    const std::size_t colon = std::min(parts.find(':'), parts.size());
    encoding.type_ = scalar_type_named(parts.substr(0, colon));
    if (!parts.empty() && !encoding.type_) {
      throw UserError(fmt::format("encoding {}: an array of unknown numbers", name));
    }
    if (colon < parts.size()) {
      encoding.shape_ = parse_shape(name, parts.substr(colon + 1));
      count_elements(*encoding.shape_);
    }
    return encoding;
  }
  const auto* const known =
      std::find_if(kKinds.begin(), kKinds.end(), [&](auto& kind) { return kind.first == name; });
  if (known == kKinds.end()) {
    throw UserError(name == "pkl"
                        ? "encoding pkl: unpickling runs whatever code is in the data, so Temper "
                          "does not; write the data again with another encoding, such as json"
                        : fmt::format("encoding {}: unknown; Temper reads those of MosaicML "
                                      "Streaming 0.13 but pkl",
                                      name));
  }
  encoding.kind_ = known->second;
  return encoding;
}

std::optional<std::uint32_t> MdsEncoding::fixed_bytes() const {
  if (kind_ == Kind::kScalar) {
    return static_cast<std::uint32_t>(bytes_of(*type_));
  }
  if (kind_ == Kind::kArray && type_ && shape_) {
    return static_cast<std::uint32_t>(count_elements(*shape_) * bytes_of(*type_));
  }
  return std::nullopt;
}

void MdsEncoding::append_array(std::string& out, std::span<const std::byte> value) const {
  ByteTaker bytes(value);
  std::optional<ScalarType> type = type_;
  if (!type) {
    const auto code = bytes.take<std::uint8_t>();
    type = scalar_type_of_code(code);
    if (!type) {
      throw FatalError(fmt::format("an array of unknown numbers (code {})", code));
    }
  }
  std::vector<std::uint64_t> shape;
  if (shape_) {
    shape = *shape_;
  } else {
    const auto form = bytes.take<std::uint8_t>();
    const std::size_t width = std::size_t{1} << (form & 3);
    for (int i = 0; i < form >> 2; ++i) {
      shape.push_back(bytes.take_unsigned(width));
    }
  }
  const std::uint64_t count = count_elements(shape);
  if (bytes.rest().size() != count * bytes_of(*type)) {
    throw FatalError(fmt::format("{} bytes for an array of {} elements of {}", bytes.rest().size(),
                                 count, bytes_of(*type)));
  }
  append_nested(out, *type, shape, bytes.rest());
}

void MdsEncoding::append_json(std::string& out, std::span<const std::byte> value) const {
  switch (kind_) {
    case Kind::kText:
      return append_json_string(out, text_of(value));
    case Kind::kJson:
      return append_on_one_line(out, text_of(value));
    case Kind::kBase64:
      return append_json_base64(out, value);
    case Kind::kScalar:
      return append_scalar(out, *type_, ByteTaker(value).take_bytes(bytes_of(*type_)));
    case Kind::kArray:
      return append_array(out, value);
    case Kind::kIntegerText:
      return append_integer_text(out, text_of(value));
    case Kind::kFloatText:
      return append_float_text(out, text_of(value));
    case Kind::kPixels:
      return append_pixels(out, value);
    case Kind::kJpegArray:
      return append_sized_list(out, ByteTaker(value), append_json_base64);
    case Kind::kPixelsList:
    case Kind::kBase64List: {
      ByteTaker bytes(value);
      bytes.take<std::uint32_t>();  // a place that upstream never fills
      return append_sized_list(out, bytes,
                               kind_ == Kind::kPixelsList ? append_pixels : append_json_base64);
    }
  }
}

}  // namespace temper::data
