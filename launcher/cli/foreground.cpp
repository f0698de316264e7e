#include "launcher/cli/foreground.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/timeline.h"
#include "core/run/bucket_run.h"
#include "core/run/run_layout.h"
#include "launcher/backends/gpu_environment.h"
#include "launcher/backends/progress_follower.h"
#include "launcher/backends/supervisor.h"
#include "launcher/backends/trainer_log.h"
#include "launcher/cli/bucket_runs.h"
#include "launcher/cli/hub_publisher.h"
#include "launcher/cli/progress_display.h"
#include "launcher/cli/run_publisher.h"

namespace temper::launch {
namespace {

constexpr std::size_t kShownErrorLines = 8;
constexpr std::int64_t kShortestMeetingSeconds = 8;  // for ranks to start in, on a busy machine

std::string change_text(const char* what, std::optional<double> first, std::optional<double> last) {
  return first && last ? fmt::format("{} {:.4f} -> {:.4f}\n", what, *first, *last) : "";
}

/// Losses before and after, and where the result is.
std::string result_text(const run::RunLayout& layout, std::chrono::seconds duration) {
  const ProgressSummary summary = summarise_progress(layout.progress());
  std::string text = fmt::format("done: {} steps, {} in this session\n", summary.last_step,
                                 duration_text(duration));
  text += change_text("training loss  ", summary.first_loss, summary.last_loss);
  text += change_text("evaluation loss", summary.first_eval_loss, summary.last_eval_loss);
  for (const auto& [name, folder] :
       {std::pair("adapter", layout.adapter()), std::pair("model", layout.model()),
        std::pair("merged", layout.merged())}) {
    if (std::filesystem::exists(folder)) {
      text += fmt::format("{} {}\n", name, folder.string());
    }
  }
  return text;
}

void tell_failure(Context& context, const run::RunLayout& layout, const Verdict& verdict) {
  context.err << "failed: " << verdict.reason << "\n";
  const std::optional<run::RunRecord> record = run::read_run_record(layout);
  if (!record || record->attempts.empty()) {
    return;
  }
  const std::filesystem::path log = layout.attempt_log(record->attempts.back().id);
  context.err << "the trainer's last lines (all of them: " << log.string() << "):\n";
  for (const std::string& line : last_error_lines(log, kShownErrorLines)) {
    context.err << "  " << line << "\n";
  }
  context.err << "`temper resume " << layout.root.string()
              << "` goes on from the last checkpoint once the cause is mended" << std::endl;
}

void tell_end(Context& context, const run::RunLayout& layout, const Verdict& verdict,
              std::chrono::seconds duration, bool json) {
  switch (verdict.kind) {
    case Verdict::Kind::kDone:
      (json ? context.err : context.out) << result_text(layout, duration) << std::flush;
      return;
    case Verdict::Kind::kStopped:
      context.err << verdict.reason << "; `temper resume " << layout.root.string() << "` goes on"
                  << std::endl;
      return;
    case Verdict::Kind::kRestart:
    case Verdict::Kind::kFailed:
      tell_failure(context, layout, verdict);
  }
}

/// The result is safe here, but not yet where it was to be: that is told, with the way there.
void publish_end(Context& context, RunPublisher& publisher, const std::filesystem::path& folder,
                 const std::string& url) {
  try {
    publisher.finish();
    context.err << "in the bucket: " << url << std::endl;
  } catch (const Error& error) {
    throw Error(error.exit_code(),
                fmt::format("{}. The run's files are complete in {}; `temper resume {}` on this "
                            "machine copies them to the bucket",
                            error.what(), folder.string(), folder.string()));
  }
}

void write_trace(Context& context, const LaunchSpec& spec) {
  std::vector<std::filesystem::path> parts;
  for (int rank = 0; rank < spec.ranks; ++rank) {
    parts.push_back(run::RunLayout{spec.run_dir}.rank_trace(rank));
  }
  merge_timelines(parts, spec.trace);
  context.err << "timeline " << spec.trace.string() << ": open it in ui.perfetto.dev or "
              << "chrome://tracing" << std::endl;
}

bool meets_over_tcp(const recipe::Cluster& cluster) {
  const bool has_pods = cluster.kind == recipe::ClusterKind::kKubernetes &&
                        cluster.kubernetes.api != recipe::JobApi::kMpiJob;
  const bool has_replicas = cluster.kind == recipe::ClusterKind::kVertex;
  return cluster.transport == recipe::Transport::kTcp ||
         (cluster.transport == recipe::Transport::kAuto && cluster.nodes > 1 &&
          (has_pods || has_replicas));
}

}  // namespace

void add_trace_option(CLI::App& app, std::string& file) {
  app.add_option("--trace", file,
                 "Write a timeline of all ranks and threads to FILE (Chrome's trace format)")
      ->type_name("FILE");
}

LaunchSpec launch_spec(const std::filesystem::path& program, const std::filesystem::path& trainer,
                       const recipe::Cluster& cluster, const run::RunLayout& layout,
                       const std::string& allow_changed) {
  LaunchSpec spec;
  spec.trainer = trainer;
  spec.run_dir = layout.root;
  spec.ranks = static_cast<int>(cluster.ranks);
  spec.slot_workers = static_cast<int>(cluster.slot_workers);
  spec.gpus = cluster.resources.gpus > 0;
  spec.allow_changed = allow_changed;
  spec.environment = rank_environment(cluster, layout.logs());
  spec.as_root = ::geteuid() == 0;
  spec.heartbeat_timeout_seconds = cluster.heartbeat_timeout_seconds;
  if (cluster.kind == recipe::ClusterKind::kLocal) {
    // Here all start at the same moment, so one that is missing is as good as frozen.
    spec.meeting_timeout_seconds =
        std::max(kShortestMeetingSeconds, 2 * cluster.heartbeat_timeout_seconds);
  }
  if (meets_over_tcp(cluster)) {
    spec.tcp_starter = program;
    spec.nodes = static_cast<int>(cluster.nodes);
  }
  return spec;
}

int run_in_foreground(Context& context, const ForegroundRun& run, SignalSource& signals) {
  const LaunchSpec& spec = run.spec;
  if (!spec.trace.empty()) {
    merge_timelines({}, spec.trace);  // it can be written: better known before than after the run
  }
  const RestartPolicy policy{run.cluster.max_restarts,
                             std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::duration<double>(run.cluster.backoff_seconds))};
  using Mode = ProgressDisplay::Mode;
  const Mode mode = run.json                  ? Mode::kJson
                    : context.out_is_terminal ? Mode::kTerminal
                                              : Mode::kPlain;
  ProgressDisplay display(mode, context.clock, context.out, context.err);
  const auto started = context.clock.steady_now();
  const std::string url = run::bucket_url({spec.run_dir}, run.runs);
  std::optional<RunPublisher> publisher;
  if (!url.empty()) {
    publisher.emplace(display, run::RunLayout{spec.run_dir}, open_store_for(context, url),
                      context.clock);
  }
  RunObserver& shown = publisher ? static_cast<RunObserver&>(*publisher) : display;
  const auto hub = HubPublisher::for_run(context, run::RunLayout{spec.run_dir}, shown);
  RunObserver& observer = hub ? static_cast<RunObserver&>(*hub) : shown;
  const Verdict verdict =
      supervise_here(context.clock, context.runner, signals, observer, run.record, spec, policy);
  display.finish();
  if (!spec.trace.empty()) {
    write_trace(context, spec);
  }
  const auto duration =
      std::chrono::duration_cast<std::chrono::seconds>(context.clock.steady_now() - started);
  tell_end(context, run::RunLayout{spec.run_dir}, verdict, duration, run.json);
  if (hub) {
    hub->finish(verdict.kind == Verdict::Kind::kDone, signals);
  }
  if (publisher) {
    publish_end(context, *publisher, spec.run_dir, url);
  }
  return verdict.exit_code;
}

}  // namespace temper::launch
