#include "core/data/mds/mds_shard.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/data/json_text.h"
#include "core/data/mds/byte_taker.h"

namespace temper::data {
namespace {

constexpr std::size_t kWord = sizeof(std::uint32_t);

[[noreturn]] void throw_damaged(const std::string& origin, std::string_view problem) {
  throw FatalError(
      fmt::format("{}: the MDS shard is damaged: {}; fetch or write it again", origin, problem));
}

}  // namespace

MdsShard::MdsShard(std::span<const std::byte> bytes, const MdsShardInfo& info, std::string origin)
    : bytes_(bytes), info_(info), origin_(std::move(origin)) {
  try {
    ByteTaker fields(bytes);
    num_samples_ = fields.take<std::uint32_t>();
    begins_ = fields.take_array(num_samples_ + 1, kWord);
  } catch (const FatalError& error) {
    throw_damaged(origin_, error.what());
  }
  if (num_samples_ != info.num_samples) {
    throw_damaged(origin_, fmt::format("it has {} samples, the index says {}", num_samples_,
                                       info.num_samples));
  }
  std::uint64_t least = (num_samples_ + 2) * kWord;
  for (std::uint64_t i = 0; i <= num_samples_; ++i) {
    if (begin_of(i) < least || begin_of(i) > bytes.size()) {
      throw_damaged(origin_,
                    fmt::format("sample {} begins at byte {} of {}", i, begin_of(i), bytes.size()));
    }
    least = begin_of(i);
  }
  if (least != bytes.size()) {
    throw_damaged(origin_, fmt::format("{} bytes after the last sample", bytes.size() - least));
  }
}

std::uint64_t MdsShard::begin_of(std::uint64_t index) const {
  std::uint32_t begin = 0;
  std::memcpy(&begin, begins_.data() + index * kWord, kWord);
  return begin;
}

std::span<const std::byte> MdsShard::sample(std::uint64_t index) const {
  CHECK(index < num_samples_, "sample {} of {}", index, num_samples_);
  return bytes_.subspan(begin_of(index), begin_of(index + 1) - begin_of(index));
}

std::vector<std::span<const std::byte>> MdsShard::read_columns(std::uint64_t index) const {
  std::vector<std::span<const std::byte>> columns;
  columns.reserve(info_.columns.size());
  try {
    const auto bytes = sample(index);
    std::size_t num_sizes = 0;
    for (const MdsColumn& column : info_.columns) {
      num_sizes += column.encoding.fixed_bytes() ? 0 : 1;
    }
    ByteTaker sizes(ByteTaker(bytes).take_array(num_sizes, kWord));
    ByteTaker values(bytes.subspan(num_sizes * kWord));
    for (const MdsColumn& column : info_.columns) {
      const auto fixed = column.encoding.fixed_bytes();
      columns.push_back(values.take_bytes(fixed ? *fixed : sizes.take<std::uint32_t>()));
    }
    if (!values.rest().empty()) {
      throw FatalError(fmt::format("{} bytes after the last column", values.rest().size()));
    }
  } catch (const FatalError& error) {
    throw_damaged(fmt::format("{}:{}", origin_, index), error.what());
  }
  return columns;
}

std::string MdsShard::read_json(std::uint64_t index) const {
  const auto values = read_columns(index);
  std::string out = "{";
  for (std::size_t i = 0; i < values.size(); ++i) {
    const MdsColumn& column = info_.columns[i];
    out += i == 0 ? "" : ",";
    append_json_string(out, column.name);
    out += ':';
    try {
      column.encoding.append_json(out, values[i]);
    } catch (const FatalError& error) {
      throw_damaged(fmt::format("{}:{}: column {}", origin_, index, column.name), error.what());
    }
  }
  out += '}';
  return out;
}

}  // namespace temper::data
