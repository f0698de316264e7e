#include "launcher/cli/run_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "launcher/backends/restart_policy.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/json_line.h"

namespace temper::launch {
namespace {

std::string losses_text(const ProgressSummary& progress) {
  std::string text;
  if (progress.last_loss) {
    text += fmt::format(", loss {:.4f}", *progress.last_loss);
  }
  if (progress.last_eval_loss) {
    text += fmt::format(", evaluation loss {:.4f} (first {:.4f})", *progress.last_eval_loss,
                        *progress.first_eval_loss);
  }
  return text;
}

std::string attempt_text(const run::AttemptRecord& attempt) {
  const std::string end =
      attempt.exit_code ? fmt::format("{}, {}", attempt.ended, describe_exit(*attempt.exit_code))
                        : "not ended";
  const std::string steps =
      attempt.last_step < 0 ? "no step"
                            : fmt::format("steps {} to {}", attempt.first_step, attempt.last_step);
  return fmt::format("{}  {} ranks x {} slot workers on {}, {}; started {}, {}", attempt.id,
                     attempt.num_ranks, attempt.slot_workers, attempt.host, steps, attempt.started,
                     end);
}

}  // namespace

RunStatus status_of(FoundRun found, BackendState state) {
  RunStatus status;
  status.state = std::move(state);
  status.progress = summarise_progress(found.layout.progress());
  status.run = std::move(found);
  return status;
}

std::string status_text(const RunStatus& status) {
  const run::RunRecord& record = status.run.record;
  std::string text = fmt::format("run       {}\nfolder    {}\nwhere     {}{}\nstate     {}{}{}\n",
                                 record.id, status.run.layout.root.string(), record.backend,
                                 record.job.empty() ? "" : ", job " + record.job,
                                 run::run_state_name(status.state.state),
                                 status.state.note.empty() ? "" : ": ", status.state.note);
  if (status.progress.last_step >= 0) {
    text += fmt::format("progress  step {}/{}{}\n", status.progress.last_step,
                        status.progress.total_steps, losses_text(status.progress));
  }
  for (const run::AttemptRecord& attempt : record.attempts) {
    text += fmt::format("attempt   {}\n", attempt_text(attempt));
  }
  if (!record.attempts.empty()) {
    text += fmt::format("log       {}\n",
                        status.run.layout.attempt_log(record.attempts.back().id).string());
  }
  return text;
}

std::string status_json(const RunStatus& status) {
  auto json = nlohmann::ordered_json::parse(run::to_json(status.run.record));
  json["state"] = run::run_state_name(status.state.state);
  json["message"] = status.state.note;
  json["folder"] = status.run.layout.root.string();
  const ProgressSummary& progress = status.progress;
  json["step"] = progress.last_step;
  json["total_steps"] = progress.total_steps;
  const auto add_number = [&json](const char* key, const std::optional<double>& value) {
    json[key] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
  };
  add_number("first_loss", progress.first_loss);
  add_number("loss", progress.last_loss);
  add_number("first_eval_loss", progress.first_eval_loss);
  add_number("eval_loss", progress.last_eval_loss);
  return json_line(json);
}

}  // namespace temper::launch
