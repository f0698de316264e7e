#include "launcher/cli/preflight.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/http/url.h"
#include "core/recipe/cluster.h"
#include "core/run/run_layout.h"
#include "core/storage/open_store.h"
#include "launcher/backends/captured_run.h"
#include "launcher/backends/secret_file.h"
#include "launcher/backends/vertex/google_services.h"
#include "launcher/backends/vertex/vertex_client.h"
#include "launcher/cli/bucket_runs.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using Result = PlannedCheck::Result;

PlannedCheck check_bucket(Context& context, const std::string& runs) {
  PlannedCheck check{"runs can be written", Result::kOk, runs};
  try {
    const auto store = open_store_for(context, http::without_last_slashes(runs));
    const std::string probe = ".temper-probe-" + run::new_id();
    store->write(probe, std::as_bytes(std::span(probe)));
    store->remove(probe);
  } catch (const Error& error) {
    check.result = Result::kFailed;
    check.detail = error.what();
  }
  return check;
}

PlannedCheck check_folder(const std::string& runs) {
  fs::path nearest(runs);
  std::error_code absent;
  while (!fs::exists(nearest, absent) && nearest.has_relative_path()) {
    nearest = nearest.parent_path();
  }
  if (::access(nearest.c_str(), W_OK) == 0) {
    return {"runs can be written", Result::kOk, runs};
  }
  return {"runs can be written", Result::kFailed,
          fmt::format("{} is not writable for you; choose another folder with `runs` in the "
                      "cluster file or checkpoint.to in the recipe",
                      nearest.string())};
}

PlannedCheck check_secrets(const recipe::Cluster& cluster) {
  PlannedCheck check{"secrets", Result::kOk, fmt::format("{} files", cluster.secrets.size())};
  try {
    static_cast<void>(read_secrets(cluster.secrets));
  } catch (const UserError& error) {
    check.result = Result::kFailed;
    check.detail = error.what();
  }
  return check;
}

/// Whether a program answers at all; its own words if it doesn't.
PlannedCheck check_program(Context& context, const std::vector<std::string>& argv) {
  PlannedCheck check{argv.front(), Result::kOk, ""};
  try {
    const CapturedRun run = run_captured(context.runner, argv);
    check.detail = run.out.substr(0, run.out.find('\n'));
    if (run.code != 0) {
      check.result = Result::kFailed;
      check.detail = complaint_of(run);
    }
  } catch (const UserError& error) {
    check.result = Result::kFailed;
    check.detail = error.what();
  }
  return check;
}

void add_image_check(const std::string& image, RunPlan& plan) {
  if (image.find("@sha256:") == std::string::npos) {
    plan.checks.push_back(
        {"image", Result::kWarning,
         image + " is not named by its digest, so a restart may run another one"});
  }
}

/// Whether Vertex AI answers with these credentials, project and region.
PlannedCheck check_vertex_answers(Context& context, const recipe::Cluster& cluster) {
  constexpr std::chrono::seconds kPatience{5};  // a plan is waited for
  PlannedCheck check{"vertex", Result::kOk, VertexClient::jobs_url(cluster.vertex)};
  try {
    const VertexClient client(cluster.vertex, google_client(cluster.vertex, context.environment,
                                                            context.clock, kPatience));
    static_cast<void>(client.newest("no-run"));
  } catch (const Error& error) {
    check.result = Result::kFailed;
    check.detail = error.what();
  }
  return check;
}

}  // namespace

void check_before_submit(Context& context, const recipe::Cluster& cluster, const std::string& runs,
                         RunPlan& plan) {
  const bool in_bucket = storage::is_bucket_url(runs);
  plan.checks.push_back(in_bucket ? check_bucket(context, runs) : check_folder(runs));
  switch (cluster.kind) {
    case recipe::ClusterKind::kLocal:
      break;
    case recipe::ClusterKind::kSlurm:
      plan.checks.push_back(check_program(context, {"sbatch", "--version"}));
      break;
    case recipe::ClusterKind::kKubernetes:
      plan.checks.push_back(check_program(context, {"kubectl", "version", "--client"}));
      if (!in_bucket) {
        plan.checks.push_back({"runs outlive the pods", Result::kFailed,
                               "kind kubernetes keeps runs in a bucket; set `runs` in the cluster "
                               "file to gs://BUCKET/FOLDER or s3://BUCKET/FOLDER"});
      }
      add_image_check(cluster.kubernetes.image, plan);
      break;
    case recipe::ClusterKind::kVertex:
      plan.checks.push_back(check_vertex_answers(context, cluster));
      if (!runs.starts_with("gs://")) {
        plan.checks.push_back({"runs outlive the replicas", Result::kFailed,
                               "kind vertex keeps runs in a bucket; set `runs` in the cluster file "
                               "to gs://BUCKET/FOLDER"});
      }
      add_image_check(cluster.vertex.image, plan);
  }
  const bool secrets_are_files =
      cluster.kind == recipe::ClusterKind::kLocal || cluster.kind == recipe::ClusterKind::kSlurm;
  if (secrets_are_files && !cluster.secrets.empty()) {
    plan.checks.push_back(check_secrets(cluster));
  }
}

void rehearse(const Backend& backend, const JobSpec& spec, RunPlan& plan) {
  PlannedCheck check{backend.name() + " takes the job", Result::kOk, ""};
  try {
    const std::optional<Rehearsal> rehearsal = backend.rehearse(spec);
    if (!rehearsal) {
      return;
    }
    check.detail = rehearsal->words;
    switch (rehearsal->answer) {
      case Rehearsal::Answer::kTakes:
        break;
      case Rehearsal::Answer::kRefuses:
        check.result = Result::kFailed;
        break;
      case Rehearsal::Answer::kSilent:
        check.result = Result::kWarning;
        check.detail = "could not be asked: " + check.detail;
        break;
    }
  } catch (const UserError& error) {  // its program is missing
    check.result = Result::kWarning;
    check.detail = std::string("could not be asked: ") + error.what();
  }
  plan.checks.push_back(check);
}

void throw_if_failed(const RunPlan& plan) {
  std::string failures;
  for (const PlannedCheck& check : plan.checks) {
    if (check.result == Result::kFailed) {
      failures += fmt::format("{}{}: {}", failures.empty() ? "" : "\n", check.what, check.detail);
    }
  }
  if (!failures.empty()) {
    throw UserError(failures);
  }
}

}  // namespace temper::launch
