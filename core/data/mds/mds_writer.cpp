#include "core/data/mds/mds_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/data/content_hash.h"
#include "core/data/mds/python_json.h"

namespace temper::data {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kWord = sizeof(std::uint32_t);

void append_word(std::string& out, std::uint64_t value) {
  const auto word = static_cast<std::uint32_t>(value);
  out.append(reinterpret_cast<const char*>(&word), sizeof(word));
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

Json describe_file(const std::string& key, std::span<const std::byte> bytes,
                   const std::vector<std::string>& hashes) {
  Json digests = Json::object();
  for (const std::string& name : hashes) {
    const auto hash = ContentHash::named(name);
    CHECK(hash != nullptr, "hash {} is unknown", name);
    hash->update(bytes);
    digests[name] = hash->hex_digest();
  }
  return {{"basename", key}, {"bytes", bytes.size()}, {"hashes", digests}};
}

}  // namespace

MdsWriter::MdsWriter(storage::ObjectStore& destination, std::vector<MdsColumn> columns,
                     Options options)
    : destination_(destination), columns_(std::move(columns)), options_(std::move(options)) {
  CHECK(!columns_.empty(), "an MDS data set without columns");
  CHECK(options_.size_limit_bytes <= std::numeric_limits<std::uint32_t>::max(),
        "shards of {} bytes", options_.size_limit_bytes);
  std::sort(columns_.begin(), columns_.end(),
            [](const MdsColumn& a, const MdsColumn& b) { return a.name < b.name; });
  config_ = config_json();
  shard_bytes_ = 2 * kWord + config_.size();
  if (destination_.size(kMdsIndexName)) {
    throw UserError(fmt::format("{}/{}: exists already; choose an empty place or remove it",
                                destination_.url(), kMdsIndexName));
  }
}

std::string MdsWriter::config_json() const {
  Json names = Json::array();
  Json encodings = Json::array();
  Json sizes = Json::array();
  for (const MdsColumn& column : columns_) {
    names.push_back(column.name);
    encodings.push_back(column.encoding.name());
    const auto fixed = column.encoding.fixed_bytes();
    sizes.push_back(fixed ? Json(*fixed) : Json());
  }
  return to_python_json({{"column_encodings", encodings},
                         {"column_names", names},
                         {"column_sizes", sizes},
                         {"compression", options_.compression == Compression::kNone
                                             ? Json()
                                             : Json(mds_name_of(options_.compression))},
                         {"format", "mds"},
                         {"hashes", options_.hashes},
                         {"size_limit", options_.size_limit_bytes},
                         {"version", 2}});
}

void MdsWriter::add(std::span<const std::string> values) {
  CHECK(values.size() == columns_.size(), "{} values for {} columns", values.size(),
        columns_.size());
  std::string sizes;
  std::string body;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto fixed = columns_[i].encoding.fixed_bytes();
    if (fixed && values[i].size() != *fixed) {
      throw UserError(fmt::format("column {}: {} bytes, but encoding {} has {}", columns_[i].name,
                                  values[i].size(), columns_[i].encoding.name(), *fixed));
    }
    if (!fixed) {
      append_word(sizes, values[i].size());
    }
    body += values[i];
  }
  std::string sample = sizes + body;
  const std::uint64_t needed = sample.size() + kWord;
  if (2 * kWord + config_.size() + needed > std::numeric_limits<std::uint32_t>::max()) {
    throw UserError(
        fmt::format("a sample of {} bytes does not fit an MDS shard (4 GiB)", sample.size()));
  }
  if (!samples_.empty() && options_.size_limit_bytes < shard_bytes_ + needed) {
    flush_shard();
  }
  shard_bytes_ += needed;
  samples_.push_back(std::move(sample));
}

void MdsWriter::flush_shard() {
  std::string raw;
  raw.reserve(shard_bytes_);
  append_word(raw, samples_.size());
  std::uint64_t begin = (samples_.size() + 2) * kWord + config_.size();
  append_word(raw, begin);
  for (const std::string& sample : samples_) {
    begin += sample.size();
    append_word(raw, begin);
  }
  raw += config_;
  for (const std::string& sample : samples_) {
    raw += sample;
  }
  const std::string key = fmt::format("shard.{:05}.mds", shards_.size());
  Json entry = Json::parse(config_);
  entry["samples"] = samples_.size();
  entry["raw_data"] = describe_file(key, bytes_of(raw), options_.hashes);
  if (options_.compression == Compression::kNone) {
    entry["zip_data"] = nullptr;
    destination_.write(key, bytes_of(raw));
  } else {
    const std::vector<std::byte> packed = compress(bytes_of(raw), options_.compression);
    const std::string zip_key = fmt::format("{}.{}", key, mds_name_of(options_.compression));
    entry["zip_data"] = describe_file(zip_key, packed, options_.hashes);
    destination_.write(zip_key, packed);
  }
  shards_.push_back(to_python_json(entry));
  samples_.clear();
  shard_bytes_ = 2 * kWord + config_.size();
}

void MdsWriter::finish() {
  if (!samples_.empty()) {
    flush_shard();
  }
  std::string index = R"({"shards": [)";
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    index += (i == 0 ? "" : ", ") + shards_[i];
  }
  index += R"(], "version": 2})";
  if (!destination_.create_if_absent(kMdsIndexName, bytes_of(index))) {
    throw UserError(fmt::format("{}/{}: somebody else wrote one meanwhile; choose another place",
                                destination_.url(), kMdsIndexName));
  }
}

}  // namespace temper::data
