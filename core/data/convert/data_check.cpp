#include "core/data/convert/data_check.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "core/base/error.h"

namespace temper::data {
namespace {

/// The keys of a JSON object, sorted and joined. UserError if it is none.
std::string keys_of(const Record& record, simdjson::dom::parser& parser) {
  simdjson::dom::object object;
  const auto error = parser.parse(record.bytes).get(object);
  if (error != simdjson::SUCCESS) {
    throw UserError(
        fmt::format("{}: no JSON object: {}", record.origin, simdjson::error_message(error)));
  }
  std::vector<std::string_view> keys;
  for (const auto field : object) {
    keys.push_back(field.key);
  }
  std::sort(keys.begin(), keys.end());
  std::string joined;
  for (const std::string_view key : keys) {
    joined += (joined.empty() ? "" : ", ") + std::string(key);
  }
  return joined;
}

}  // namespace

DataReport check_data(const Dataset& dataset, std::size_t max_listed) {
  DataReport report;
  simdjson::dom::parser parser;
  const auto note = [&](const std::string& problem) {
    ++report.num_problems;
    if (report.problems.size() < max_listed) {
      report.problems.push_back(problem);
    }
  };
  const std::vector<std::uint64_t> sizes = dataset.shard_sizes();
  for (std::uint64_t shard = 0; shard < sizes.size(); ++shard) {
    try {
      dataset.shard(shard).fetch();
    } catch (const Error& error) {
      note(error.what());
      continue;  // its records would all say the same
    }
    for (std::uint64_t i = 0; i < sizes[shard]; ++i) {
      try {
        const Record record = dataset.read(shard, i);
        ++report.by_keys[keys_of(record, parser)];
        ++report.num_records;
        report.num_bytes += record.bytes.size();
      } catch (const Error& error) {
        note(error.what());
      }
    }
  }
  return report;
}

}  // namespace temper::data
