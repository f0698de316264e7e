#include "launcher/backends/vertex/cloud_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/run/json_fields.h"
#include "launcher/backends/vertex/google_pages.h"
#include "launcher/backends/vertex/google_services.h"

namespace temper::launch {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxAnswerBytes = 64U << 20U;
constexpr std::size_t kPageEntries = 1000;
constexpr const char* kOrigin = "Cloud Logging's answer";

/// The text at a path of keys; "" if it isn't there.
std::string text_at(const Json& object, std::initializer_list<const char*> path) {
  const Json* value = &object;
  for (const char* key : path) {
    if (!value->is_object() || !value->contains(key)) {
      return "";
    }
    value = &value->at(key);
  }
  return value->is_string() ? value->get<std::string>() : "";
}

std::string line_of(const Json& entry) {
  std::string line = text_at(entry, {"textPayload"});
  if (line.empty()) {
    line = text_at(entry, {"jsonPayload", "message"});
  }
  if (line.empty() && entry.contains("jsonPayload")) {
    line = entry["jsonPayload"].dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.pop_back();
  }
  return line;
}

}  // namespace

LogPage parse_log_page(std::string_view json) {
  const Json answer = run::parse_json_object(json, kMaxAnswerBytes, kOrigin);
  LogPage page;
  page.next = text_at(answer, {"nextPageToken"});
  const auto entries = answer.find("entries");
  if (entries == answer.end()) {
    return page;
  }
  if (!entries->is_array()) {
    throw UserError(fmt::format("{}: entries is no list", kOrigin));
  }
  for (const Json& entry : *entries) {
    const auto time = parse_rfc3339(text_at(entry, {"timestamp"}));
    if (!time) {
      throw UserError(fmt::format("{}: an entry has no timestamp", kOrigin));
    }
    page.entries.push_back({text_at(entry, {"insertId"}), *time,
                            text_at(entry, {"resource", "labels", "task_name"}), line_of(entry)});
  }
  return page;
}

std::string log_filter(const LogQuery& query) {
  std::string filter =
      fmt::format(R"(resource.type="ml_job" AND resource.labels.job_id="{}")", query.job);
  if (!query.replica.empty()) {
    filter += fmt::format(R"( AND resource.labels.task_name="{}")", query.replica);
  }
  if (query.since) {
    filter += fmt::format(R"( AND timestamp>="{}")", format_rfc3339(*query.since));
  }
  return filter;
}

CloudLog::CloudLog(const recipe::Vertex& vertex, http::Client client)
    : url_(google_endpoint(vertex, "logging") + "/v2/entries:list"),
      project_(vertex.project),
      client_(std::move(client)) {}

std::vector<LogEntry> CloudLog::last(const LogQuery& query, std::size_t count) const {
  const std::size_t page_size = std::min(count, kPageEntries);
  std::vector<LogEntry> entries = read(query, "timestamp desc", page_size, count);
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::vector<LogEntry> CloudLog::all(const LogQuery& query) const {
  return read(query, "timestamp asc", kPageEntries, std::numeric_limits<std::size_t>::max());
}

std::vector<LogEntry> CloudLog::read(const LogQuery& query, const char* order,
                                     std::size_t page_size, std::size_t most) const {
  std::vector<LogEntry> entries;
  take_pages([&](const std::string& token) { return ask(query, order, page_size, token); },
             [&](const LogPage& page) {
               entries.insert(entries.end(), page.entries.begin(), page.entries.end());
               return entries.size() < most;
             });
  entries.resize(std::min(most, entries.size()));
  return entries;
}

LogPage CloudLog::ask(const LogQuery& query, const char* order, std::size_t page_size,
                      const std::string& token) const {
  Json body = {{"resourceNames", Json::array({"projects/" + project_})},
               {"filter", log_filter(query)},
               {"orderBy", order},
               {"pageSize", page_size}};
  if (!token.empty()) {
    body["pageToken"] = token;
  }
  const std::string text = body.dump();
  const std::string action = "read the log of custom job " + query.job;
  return parse_log_page(good_body(
      client_, action, client_.send(action, http::Idempotency::kAlways, json_request(url_, text))));
}

std::vector<LogEntry> NewEntries::take(std::vector<LogEntry> entries) {
  std::erase_if(entries, [this](const LogEntry& entry) {
    return std::any_of(seen_.begin(), seen_.end(), [&](const LogEntry& seen) {
      return seen.time == entry.time && seen.id == entry.id;
    });
  });
  seen_.insert(seen_.end(), entries.begin(), entries.end());
  if (const auto from = begin()) {
    std::erase_if(seen_, [&](const LogEntry& entry) { return entry.time < *from; });
  }
  return entries;
}

std::optional<std::chrono::system_clock::time_point> NewEntries::begin() const {
  if (seen_.empty()) {
    return std::nullopt;
  }
  const auto latest = std::max_element(
      seen_.begin(), seen_.end(),
      [](const LogEntry& left, const LogEntry& right) { return left.time < right.time; });
  return latest->time - kLateness;
}

}  // namespace temper::launch
