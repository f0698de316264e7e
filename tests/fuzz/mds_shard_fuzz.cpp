#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/data/mds/mds_shard.h"

// The first byte chooses a set of columns, the rest is the shard.

namespace {

using temper::data::MdsColumn;
using temper::data::MdsEncoding;

std::vector<MdsColumn> columns_of(std::uint8_t choice) {
  const auto column = [](const char* encoding) {
    return MdsColumn{encoding, MdsEncoding::parse(encoding)};
  };
  switch (choice % 4) {
    case 0:
      return {column("int"), column("str"), column("ndarray:int32")};
    case 1:
      return {column("ndarray"), column("pil"), column("list[pil]")};
    case 2:
      return {column("float16"), column("jpeg_array"), column("ndarray:uint8:2,2")};
    default:
      return {column("str_int"), column("str_float"), column("json"), column("ndarray:float64")};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + sizeof(std::uint32_t)) {
    return 0;
  }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  temper::data::MdsShardInfo info;
  info.columns = columns_of(data[0]);
  std::uint32_t num_samples = 0;
  std::memcpy(&num_samples, bytes.data(), sizeof(num_samples));
  info.num_samples = num_samples;  // else hardly a shard would fit its index
  try {
    const temper::data::MdsShard shard(bytes, info, "fuzz");
    for (std::uint64_t i = 0; i < shard.size(); ++i) {
      try {
        shard.read_json(i);
      } catch (const temper::FatalError&) {
        continue;
      }
    }
  } catch (const temper::FatalError&) {
    return 0;
  }
  return 0;
}
