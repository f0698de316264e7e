#include "core/data/mds/mds_index.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/storage/object_key.h"

namespace temper::data {
namespace {

using Json = nlohmann::json;

/// One JSON object of the index and where it stands.
struct Place {
  const Json& json;
  std::string where;

  [[noreturn]] void fail(std::string_view problem) const {
    throw FatalError(fmt::format("{}: {}; fetch or make the index again", where, problem));
  }
  Place at(std::string_view key) const {
    if (!json.is_object() || !json.contains(key)) {
      fail(fmt::format("{} is missing", key));
    }
    return {json.at(std::string(key)), fmt::format("{}.{}", where, key)};
  }
  Place at(std::size_t i) const { return {json.at(i), fmt::format("{}[{}]", where, i)}; }
  std::size_t list_size() const {
    if (!json.is_array()) {
      fail("is no list");
    }
    return json.size();
  }
  std::string text() const {
    if (!json.is_string()) {
      fail("is no text");
    }
    return json.get<std::string>();
  }
  std::uint64_t number() const {
    if (!json.is_number_unsigned()) {
      fail("is no whole number");
    }
    return json.get<std::uint64_t>();
  }
};

MdsFile read_file(const Place& place) {
  MdsFile file;
  file.key = place.at("basename").text();
  try {
    storage::check_key(file.key);
  } catch (const UserError& error) {
    place.fail(error.what());
  }
  file.size_bytes = place.at("bytes").number();
  const Place hashes = place.at("hashes");
  if (!hashes.json.is_object()) {
    hashes.fail("is no object");
  }
  for (const auto& [name, digest] : hashes.json.items()) {
    file.hashes[name] = Place{digest, hashes.where + "." + name}.text();
  }
  return file;
}

std::vector<MdsColumn> read_columns(const Place& shard) {
  const Place names = shard.at("column_names");
  const Place encodings = shard.at("column_encodings");
  const Place sizes = shard.at("column_sizes");
  const std::size_t count = names.list_size();
  if (encodings.list_size() != count || sizes.list_size() != count || count == 0) {
    shard.fail("has not as many column names as encodings and sizes");
  }
  std::vector<MdsColumn> columns;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = names.at(i).text();
    try {
      columns.push_back({name, MdsEncoding::parse(encodings.at(i).text())});
    } catch (const UserError& error) {
      throw UserError(fmt::format("{}: column {}: {}", shard.where, name, error.what()));
    }
    const Place size = sizes.at(i);  // null and 0: variable
    const std::uint64_t given = size.json.is_null() ? 0 : size.number();
    if (given != columns.back().encoding.fixed_bytes().value_or(0)) {
      size.fail(fmt::format("is {}, which encoding {} does not have", size.json.dump(),
                            columns.back().encoding.name()));
    }
  }
  return columns;
}

MdsShardInfo read_shard(const Place& place) {
  const std::string format = place.at("format").text();
  if (format != "mds") {
    throw UserError(
        fmt::format("{}: the shards are of format {}; Temper reads mds, so write them "
                    "again with MDSWriter",
                    place.where, format));
  }
  MdsShardInfo shard;
  shard.columns = read_columns(place);
  shard.num_samples = place.at("samples").number();
  // A sample has at least one byte, and positions in a shard are of 32 bits.
  if (shard.num_samples > std::numeric_limits<std::uint32_t>::max()) {
    place.at("samples").fail("is more than a shard can have");
  }
  shard.raw = read_file(place.at("raw_data"));
  if (const Place zip = place.at("zip_data"); !zip.json.is_null()) {
    shard.zip = read_file(zip);
    const std::string name = place.at("compression").text();
    const auto compression = compression_named(name);
    if (!compression) {
      throw UserError(
          fmt::format("{}: compression {} is unknown; known are zstd, gz, br, bz2 and "
                      "snappy",
                      place.where, name));
    }
    shard.compression = *compression;
  }
  return shard;
}

}  // namespace

std::vector<MdsShardInfo> parse_mds_index(std::string_view json, const std::string& origin) {
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const Place root{parsed, origin};
  if (parsed.is_discarded()) {
    root.fail("is no JSON");
  }
  const std::uint64_t version = root.at("version").number();
  if (version != 2) {
    throw UserError(fmt::format(
        "{}: an MDS index of version {}; Temper reads version 2, so write the shards again", origin,
        version));
  }
  const Place list = root.at("shards");
  std::vector<MdsShardInfo> shards;
  for (std::size_t i = 0; i < list.list_size(); ++i) {
    shards.push_back(read_shard(list.at(i)));
  }
  return shards;
}

std::string mds_fingerprint(const MdsShardInfo& shard) {
  std::string text = fmt::format("mds {} {}\n", shard.num_samples, shard.raw.size_bytes);
  for (const MdsColumn& column : shard.columns) {
    text += fmt::format("{} {}\n", column.name, column.encoding.name());
  }
  const auto& hashes = shard.raw.hashes.empty() && shard.zip ? shard.zip->hashes : shard.raw.hashes;
  for (const auto& [name, digest] : hashes) {
    text += fmt::format("{} {}\n", name, digest);
  }
  return sha256_hex(text);
}

}  // namespace temper::data
