#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/run/run_layout.h"

namespace temper::run {

enum class RunState { kPending, kRunning, kDone, kFailed, kStopped };
const char* run_state_name(RunState state);

struct AttemptRecord {
  std::string id;
  std::string started, ended;  ///< UTC, RFC 3339; empty while running
  std::string host;
  int num_ranks = 1;
  int slot_workers = 1;
  std::optional<int> exit_code;
  std::int64_t first_step = -1, last_step = -1;  ///< as far as progress.jsonl tells
};

/// run.json: identity, state and attempts of a run. Written by the supervisor only, replaced as a
/// whole.
struct RunRecord {
  std::int64_t version = 1;
  std::string id;  ///< "smollm2-debian-1a2b3c4d"
  std::string name;
  std::string created;
  RunState state = RunState::kPending;
  std::string host;  ///< of the supervisor
  int supervisor_pid = 0;
  std::uint64_t supervisor_start =
      0;  ///< start time in clock ticks, so that a reused pid is noticed
  std::string backend = "local";
  std::string job;  ///< the scheduler's name of the job that runs it; empty: none was submitted
  std::vector<AttemptRecord> attempts;
  std::string message;  ///< the last error, one line
};

std::string to_json(const RunRecord& record);
RunRecord parse_run_record(std::string_view json, const std::string& origin);  // UserError
void write_run_record(const RunLayout& layout, const RunRecord& record);       // atomic
std::optional<RunRecord> read_run_record(const RunLayout& layout);             // nullopt if absent

}  // namespace temper::run
