#include "launcher/backends/kubernetes/kubernetes_backend.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "launcher/backends/kubernetes/manifest_text.h"
#include "launcher/backends/kubernetes/manifests.h"
#include "launcher/backends/kubernetes/pod_template.h"
#include "launcher/backends/memory_file.h"

namespace temper::launch {
namespace {

std::string manifest_path(const JobSpec& spec) {
  return run::RunLayout{spec.launch.run_dir}.job("yaml").string();
}

}  // namespace

KubernetesBackend::KubernetesBackend(recipe::Cluster cluster, ProcessRunner& runner)
    : cluster_(std::move(cluster)), runner_(runner) {}

std::string KubernetesBackend::name() const {
  return "kubernetes";
}

RenderedJob KubernetesBackend::render(const JobSpec& spec) const {
  return {{shell_line(kubectl({"create", "--filename=" + manifest_path(spec)}))},
          {{"job.yaml", job_manifest(spec)}}};
}

std::optional<Rehearsal> KubernetesBackend::rehearse(const JobSpec& spec) const {
  const MemoryFile manifest("job.yaml", job_manifest(spec));
  const CapturedRun run = ask({"create", "--dry-run=server", "--request-timeout=10s",
                               "--filename=" + manifest.path().string()});
  if (run.code == 0) {
    return Rehearsal{Rehearsal::Answer::kTakes, complaint_of(run)};
  }
  const bool was_asked = run.err.starts_with("Error from server");
  return Rehearsal{was_asked ? Rehearsal::Answer::kRefuses : Rehearsal::Answer::kSilent,
                   complaint_of(run)};
}

std::string KubernetesBackend::submit(const JobSpec& spec) {
  const std::string name = job_name(spec.run_id);
  const std::string kind = kind_name(cluster_.kubernetes.api);
  const std::vector<std::string> create = {"create", "--filename=" + manifest_path(spec)};
  CapturedRun sent = ask(create);
  if (sent.code != 0 && sent.err.find("AlreadyExists") != std::string::npos) {
    const std::optional<KubernetesJob> there = find_job(name);
    const bool has_ended = there && (there->phase == KubernetesJob::Phase::kFailed ||
                                     there->phase == KubernetesJob::Phase::kSucceeded);
    if (there && !has_ended) {
      return name;  // an earlier submit whose answer was lost
    }
    ask({"delete", kinds_made(cluster_), name, "--wait=true", "--ignore-not-found"});
    sent = ask(create);
  }
  if (sent.code != 0) {
    // The answer may be lost although the job was made.
    if (const CapturedRun found = ask({"get", kind, name, "--ignore-not-found", "--output=name"});
        found.code == 0 && !found.out.empty()) {
      return name;
    }
    throw UserError(fmt::format(
        "kubectl did not create the job: {}; mend it and repeat the command", complaint_of(sent)));
  }
  return name;
}

BackendState KubernetesBackend::state(const run::RunRecord& record) const {
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  run::RunRecord named = record;
  named.job = job_name(record.id);
  try {
    std::optional<KubernetesJob> job = find_job(named.job);
    if (job && job->phase == KubernetesJob::Phase::kWaiting && job->reason.empty()) {
      add_events(named.job, *job);
    }
    return state_of_job(named, job);
  } catch (const UserError& error) {
    return {record.state, fmt::format("as the run's record says; {}", error.what())};
  }
}

void KubernetesBackend::cancel(const run::RunRecord& record) {
  // Pods get SIGTERM, save their state and have grace_seconds for it.
  const CapturedRun run =
      ask({"delete", kinds_made(cluster_), job_name(record.id), "--wait=true",
           "--cascade=foreground", fmt::format("--timeout={}s", cluster_.grace_seconds + 60)});
  if (run.code != 0) {
    throw UserError(fmt::format("run {}: kubectl delete: {}", record.id, complaint_of(run)));
  }
}

std::chrono::milliseconds KubernetesBackend::poll_interval() const {
  return std::chrono::seconds(1);
}

std::vector<std::string> KubernetesBackend::log_command(const run::RunRecord& record) const {
  return kubectl({"logs", "--tail=-1", "--selector=temper-run=" + job_name(record.id),
                  "--container=" + std::string(worker_container(cluster_.kubernetes.api)),
                  "--prefix"});
}

std::vector<std::string> KubernetesBackend::kubectl(const std::vector<std::string>& words) const {
  std::vector<std::string> argv = {"kubectl"};
  if (!cluster_.kubernetes.context.empty()) {
    argv.push_back("--context=" + cluster_.kubernetes.context);
  }
  argv.push_back("--namespace=" + cluster_.kubernetes.name_space);
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

CapturedRun KubernetesBackend::ask(const std::vector<std::string>& words) const {
  return run_captured(runner_, kubectl(words));
}

std::optional<KubernetesJob> KubernetesBackend::find_job(const std::string& name) const {
  const CapturedRun object =
      ask({"get", kind_name(cluster_.kubernetes.api), name, "--ignore-not-found", "--output=json"});
  if (object.code != 0) {
    throw UserError(fmt::format("kubectl can't be asked for {}: {}", name, complaint_of(object)));
  }
  if (object.out.find_first_not_of(" \n") == std::string::npos) {
    return std::nullopt;
  }
  KubernetesJob job = parse_job_object(object.out);
  if (job.phase == KubernetesJob::Phase::kWaiting) {
    const CapturedRun pods = ask({"get", "pods", "--selector=temper-run=" + name, "--output=json"});
    if (pods.code == 0) {
      add_pods(pods.out, job);
    }
  }
  return job;
}

void KubernetesBackend::add_events(const std::string& name, KubernetesJob& job) const {
  const CapturedRun events = ask({"get", "events", "--field-selector=type=Warning",
                                  "--sort-by=.lastTimestamp", "--output=json"});
  if (events.code == 0) {
    add_warning(events.out, name, job);
  }
}

}  // namespace temper::launch
