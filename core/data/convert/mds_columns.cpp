#include "core/data/convert/mds_columns.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace temper::data {
namespace {

using Json = nlohmann::ordered_json;

Json parse_object(const std::string& record, const std::string& origin) {
  try {
    Json json = Json::parse(record);
    if (!json.is_object() || json.empty()) {
      throw UserError(fmt::format("{}: the record is no JSON object with keys", origin));
    }
    return json;
  } catch (const Json::exception& error) {
    throw UserError(fmt::format("{}: the record is no JSON: {}", origin, error.what()));
  }
}

std::string encoding_of(const Json& value) {
  if (value.is_string()) {
    return "str";
  }
  if (value.is_number_float()) {
    return "float64";
  }
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max()
                        : value.is_number_integer();
  return fits ? "int" : "json";
}

template <class Number>
std::string stored(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

}  // namespace

void MdsColumnFinder::add(const std::string& record, const std::string& origin) {
  ++num_records_;
  const Json json = parse_object(record, origin);  // items() borrows it
  for (const auto& [key, value] : json.items()) {
    Found& found = keys_[key];
    const std::string encoding = encoding_of(value);
    found.encoding = ++found.times == 1 || found.encoding == encoding ? encoding : "json";
  }
}

std::vector<MdsColumn> MdsColumnFinder::columns() const {
  std::vector<MdsColumn> columns;
  for (const auto& [key, found] : keys_) {
    const bool always = found.times == num_records_;
    columns.push_back({key, MdsEncoding::parse(always ? found.encoding : "json")});
  }
  return columns;
}

std::vector<std::string> stored_values(const std::string& record, const std::string& origin,
                                       const std::vector<MdsColumn>& columns) {
  const Json json = parse_object(record, origin);
  std::vector<std::string> values;
  for (const MdsColumn& column : columns) {
    const auto found = json.find(column.name);
    const Json value = found == json.end() ? Json() : *found;
    const std::string& encoding = column.encoding.name();
    if (encoding == "str") {
      values.push_back(value.get<std::string>());
    } else if (encoding == "int") {
      values.push_back(stored(value.get<std::int64_t>()));
    } else if (encoding == "float64") {
      values.push_back(stored(value.get<double>()));
    } else {
      values.push_back(value.dump());
    }
  }
  return values;
}

}  // namespace temper::data
