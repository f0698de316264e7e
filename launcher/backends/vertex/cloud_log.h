#pragma once

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/http_client.h"
#include "core/recipe/cluster_sections.h"

namespace temper::launch {

/// One entry of Cloud Logging (google.logging.v2.LogEntry).
struct LogEntry {
  std::string id;  ///< insertId: the same when an entry is read twice
  std::chrono::system_clock::time_point time;
  std::string replica;  ///< "workerpool0-0"
  std::string line;     ///< without the newline at its end
};

struct LogPage {
  std::vector<LogEntry> entries;
  std::string next;  ///< token of the next page; empty: this is the last
};
/// An answer of entries.list. Entries without a text are shown as their JSON. UserError if it is no
/// such answer.
LogPage parse_log_page(std::string_view json);

/// What is asked for.
struct LogQuery {
  std::string job;      ///< id of the custom job
  std::string replica;  ///< "workerpool1-0"; empty: all
  std::optional<std::chrono::system_clock::time_point> since;
};
/// In Cloud Logging's query language.
std::string log_filter(const LogQuery& query);

/// Reads a job's log over Cloud Logging's entries.list (REST, version 2). For one thread.
class CloudLog {
 public:
  CloudLog(const recipe::Vertex& vertex, http::Client client);

  /// The last `count` entries of the query, oldest first.
  std::vector<LogEntry> last(const LogQuery& query, std::size_t count) const;
  /// All entries of the query, oldest first.
  std::vector<LogEntry> all(const LogQuery& query) const;

 private:
  std::vector<LogEntry> read(const LogQuery& query, const char* order, std::size_t page_size,
                             std::size_t most) const;
  LogPage ask(const LogQuery& query, const char* order, std::size_t page_size,
              const std::string& token) const;

  const std::string url_;
  const std::string project_;
  const http::Client client_;
};

/// Entries that were not seen before, as a log is read again and again: entries reach Cloud Logging
/// up to kLateness after their time and not in order.
class NewEntries {
 public:
  static constexpr std::chrono::seconds kLateness{20};

  /// Those of `entries` that no earlier call had.
  std::vector<LogEntry> take(std::vector<LogEntry> entries);
  /// From when on the next reading must begin; nullopt: from the beginning.
  std::optional<std::chrono::system_clock::time_point> begin() const;

 private:
  std::vector<LogEntry> seen_;  // those of the last kLateness
};

}  // namespace temper::launch
