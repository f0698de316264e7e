#include "core/run/run_record.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/run/json_fields.h"

namespace temper::run {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxRecordBytes = 16U << 20U;
constexpr std::size_t kMaxAttempts = 65'536;
constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
constexpr std::int64_t kMaxStep = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxMessageBytes = 1U << 20U;

constexpr std::array kStates = {
    std::pair{RunState::kPending, "pending"}, std::pair{RunState::kRunning, "running"},
    std::pair{RunState::kDone, "done"},       std::pair{RunState::kFailed, "failed"},
    std::pair{RunState::kStopped, "stopped"},
};

nlohmann::ordered_json attempt_to_json(const AttemptRecord& attempt) {
  nlohmann::ordered_json json = {{"id", attempt.id},
                                 {"started", attempt.started},
                                 {"ended", attempt.ended},
                                 {"host", attempt.host},
                                 {"num_ranks", attempt.num_ranks},
                                 {"slot_workers", attempt.slot_workers},
                                 {"exit_code", nullptr},
                                 {"first_step", attempt.first_step},
                                 {"last_step", attempt.last_step}};
  if (attempt.exit_code) {
    json["exit_code"] = *attempt.exit_code;
  }
  return json;
}

AttemptRecord parse_attempt(const nlohmann::json& json, const std::string& origin) {
  const JsonFields fields(json, origin);
  AttemptRecord attempt;
  attempt.id = fields.text("id");
  attempt.started = fields.text("started");
  attempt.ended = fields.text("ended");
  attempt.host = fields.text("host");
  attempt.num_ranks = static_cast<int>(fields.integer("num_ranks", 1, kMaxInt));
  attempt.slot_workers = static_cast<int>(fields.integer("slot_workers", 1, kMaxInt));
  if (const auto exit_code = fields.optional_integer("exit_code", 0, kMaxInt)) {
    attempt.exit_code = static_cast<int>(*exit_code);
  }
  attempt.first_step = fields.integer("first_step", -1, kMaxStep);
  attempt.last_step = fields.integer("last_step", -1, kMaxStep);
  return attempt;
}

RunState parse_state(const JsonFields& fields) {
  const std::string name = fields.text("state");
  for (const auto& [state, state_name] : kStates) {
    if (name == state_name) {
      return state;
    }
  }
  fields.fail("state",
              fmt::format("'{}' is none of pending, running, done, failed, stopped", name));
}

}  // namespace

const char* run_state_name(RunState state) {
  for (const auto& [known, name] : kStates) {
    if (known == state) {
      return name;
    }
  }
  return "unknown";
}

std::string to_json(const RunRecord& record) {
  nlohmann::ordered_json attempts = nlohmann::ordered_json::array();
  for (const AttemptRecord& attempt : record.attempts) {
    attempts.push_back(attempt_to_json(attempt));
  }
  return dump_file({{"version", record.version},
                    {"id", record.id},
                    {"name", record.name},
                    {"created", record.created},
                    {"state", run_state_name(record.state)},
                    {"host", record.host},
                    {"supervisor_pid", record.supervisor_pid},
                    {"supervisor_start", record.supervisor_start},
                    {"backend", record.backend},
                    {"job", record.job},
                    {"attempts", std::move(attempts)},
                    {"message", record.message}});
}

RunRecord parse_run_record(std::string_view json, const std::string& origin) {
  const nlohmann::json parsed = parse_json_object(json, kMaxRecordBytes, origin);
  const JsonFields fields(parsed, origin);
  RunRecord record;
  record.version = fields.integer("version", 1, kMaxStep);
  if (record.version != kVersion) {
    fields.fail("version", fmt::format("{} is of a newer Temper, this one reads {}; use that one",
                                       record.version, kVersion));
  }
  record.id = fields.text("id");
  record.name = fields.text("name");
  record.created = fields.text("created");
  record.state = parse_state(fields);
  record.host = fields.text("host");
  record.supervisor_pid = static_cast<int>(fields.integer("supervisor_pid", 0, kMaxInt));
  record.supervisor_start = fields.count("supervisor_start");
  record.backend = fields.text("backend");
  record.job = fields.has("job") ? fields.text("job") : "";  // older ones have none
  for (const nlohmann::json& item : fields.objects("attempts", kMaxAttempts)) {
    record.attempts.push_back(
        parse_attempt(item, fmt::format("{}: attempts[{}]", origin, record.attempts.size())));
  }
  record.message = fields.text("message", kMaxMessageBytes);
  return record;
}

void write_run_record(const RunLayout& layout, const RunRecord& record) {
  write_file_durably(layout.record(), to_json(record));
}

std::optional<RunRecord> read_run_record(const RunLayout& layout) {
  const std::filesystem::path path = layout.record();
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) {
    return std::nullopt;
  }
  const MappedFile file(path);  // replaced as a whole by writers, so the mapped one stays
  return parse_run_record({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()},
                          path.string());
}

}  // namespace temper::run
