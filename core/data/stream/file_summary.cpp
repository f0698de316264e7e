#include "core/data/stream/file_summary.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace temper::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "temper-data-index";
constexpr int kVersion = 1;

[[noreturn]] void throw_damaged(const std::string& origin, std::string_view problem) {
  throw FatalError(
      fmt::format("{}: {}; make it again with `temper data index` on its folder, or delete it",
                  origin, problem));
}

FileSummary read_file(const Json& json, const std::string& origin) {
  constexpr std::size_t kDigestDigits = 64;
  FileSummary file;
  try {
    file.key = json.at("file").get<std::string>();
    file.size_bytes = json.at("bytes").get<std::uint64_t>();
    file.sha256 = json.at("sha256").get<std::string>();
    for (const Json& count : json.at("records")) {
      if (!count.is_number_unsigned()) {
        throw_damaged(origin, "a number of records is no whole number");
      }
      // More than could ever be counted would overflow the sums made of it.
      if (count.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
        throw_damaged(origin, "an impossible number of records");
      }
      file.records.push_back(count.get<std::uint64_t>());
    }
  } catch (const Json::exception&) {
    throw_damaged(origin,
                  "an entry lacks file, bytes, sha256 or records, or one is of a wrong "
                  "kind");
  }
  if (file.sha256.size() != kDigestDigits) {
    throw_damaged(origin, "a sha256 is not of 64 digits");
  }
  return file;
}

}  // namespace

std::string serialize_data_index(const std::vector<FileSummary>& files) {
  Json index = {{"format", kFormat}, {"version", kVersion}, {"files", Json::array()}};
  for (const FileSummary& file : files) {
    index["files"].push_back({{"file", file.key},
                              {"bytes", file.size_bytes},
                              {"sha256", file.sha256},
                              {"records", file.records}});
  }
  return index.dump(1) + "\n";
}

std::vector<FileSummary> parse_data_index(std::string_view json, const std::string& origin) {
  const Json index = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!index.is_object() || index.value("format", Json()) != kFormat) {
    throw_damaged(origin, "is no index of data");
  }
  if (index.value("version", Json()) != kVersion) {
    throw_damaged(origin, fmt::format("is not of version {}", kVersion));
  }
  const auto files = index.find("files");
  if (files == index.end() || !files->is_array()) {
    throw_damaged(origin, "has no list of files");
  }
  std::vector<FileSummary> summaries;
  for (const Json& file : *files) {
    summaries.push_back(read_file(file, origin));
  }
  return summaries;
}

}  // namespace temper::data
