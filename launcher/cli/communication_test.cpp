#include "launcher/cli/communication_test.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <vector>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/run/run_layout.h"
#include "core/run/run_record.h"
#include "launcher/backends/supervisor.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/foreground.h"
#include "launcher/cli/new_run.h"
#include "launcher/cli/temporary_folder.h"
#include "launcher/cli/trainer_location.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownErrorLines = 4;
constexpr const char* kNcclLogs = "nccl-debug-";

/// What NCCL wrote for each process (NCCL_DEBUG_FILE).
std::string nccl_logs(const fs::path& folder) {
  std::string text;
  for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
    if (file.path().filename().string().starts_with(kNcclLogs)) {
      text += read_text(file.path()) + "\n";
    }
  }
  return text;
}

std::string failure_text(const run::RunLayout& layout, const Verdict& verdict) {
  const std::optional<run::RunRecord> record = run::read_run_record(layout);
  if (!record || record->attempts.empty()) {
    return verdict.reason;
  }
  const auto lines =
      last_error_lines(layout.attempt_log(record->attempts.back().id), kShownErrorLines);
  return fmt::format("{}: {}", verdict.reason, fmt::join(lines, "; "));
}

}  // namespace

CommunicationResult test_communication(Context& context, const recipe::Cluster& cluster,
                                       std::uint64_t largest, SignalSource& signals) {
  const TemporaryFolder folder("temper-doctor", /*keep=*/false);
  const run::RunLayout layout{folder.path()};
  fs::create_directories(layout.logs());
  LaunchSpec spec = launch_spec(context.executable, find_trainer(context), cluster, layout,
                                /*allow_changed=*/"");
  spec.test_bytes = largest;
  if (spec.gpus) {
    spec.environment.insert({{"NCCL_DEBUG", "INFO"},
                             {"NCCL_DEBUG_FILE", (layout.logs() / kNcclLogs).string() + "%h-%p"}});
  }
  run::RunRecord record;
  record.id = layout.root.filename().string();
  record.name = "doctor";
  record.created = format_rfc3339(context.clock.now());

  RunObserver quiet;
  const Verdict verdict = supervise_here(context.clock, context.runner, signals, quiet, record,
                                         spec, RestartPolicy{0, {}});
  if (verdict.kind == Verdict::Kind::kStopped) {
    throw StopRequested("the test of communication was stopped");
  }
  CommunicationResult result;
  result.nccl = parse_nccl_log(nccl_logs(layout.logs()));
  if (verdict.kind == Verdict::Kind::kDone) {
    result.report = run::parse_collective_report(read_text(layout.collectives()),
                                                 layout.collectives().string());
  } else {
    result.problem = failure_text(layout, verdict);
  }
  return result;
}

}  // namespace temper::launch
