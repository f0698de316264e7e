#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/mds/scalar_type.h"

namespace temper::data {

/// How a column of an MDS shard is stored: an encoding of MosaicML Streaming 0.13
/// (streaming/base/format/mds/encodings.py), all but `pkl`, which would run code. A value.
class MdsEncoding {
 public:
  /// By name: "str", "ndarray:int32:8,4", "list[jpeg]". UserError for `pkl` and for what it does
  /// not know.
  static MdsEncoding parse(std::string_view name);

  const std::string& name() const { return name_; }
  /// The size of every value, where the encoding fixes it.
  std::optional<std::uint32_t> fixed_bytes() const;

  /// Appends a stored value as JSON. Text, numbers and JSON become themselves (NaN and infinities
  /// null, `str_decimal` a string), arrays nested lists, `bytes` and image files base64 strings,
  /// `pil` {"width", "height", "mode", "data"}. Throws FatalError saying what is wrong with the
  /// bytes, if it can be told.
  void append_json(std::string& out, std::span<const std::byte> value) const;

 private:
  enum class Kind {
    kText,
    kJson,
    kBase64,
    kScalar,
    kArray,
    kIntegerText,
    kFloatText,
    kPixels,
    kJpegArray,
    kPixelsList,
    kBase64List,
  };

  void append_array(std::string& out, std::span<const std::byte> value) const;

  std::string name_;
  Kind kind_ = Kind::kText;
  std::optional<ScalarType> type_;                   // of scalars; of arrays if fixed
  std::optional<std::vector<std::uint64_t>> shape_;  // of arrays, if fixed
};

}  // namespace temper::data
