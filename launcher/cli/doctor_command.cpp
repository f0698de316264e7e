#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/recipe/choices.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/cluster_findings.h"
#include "launcher/cli/communication_test.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/trainer_location.h"
#include "launcher/cli/verbs.h"
#include "launcher/doctor/credential_findings.h"
#include "launcher/doctor/doctor_report.h"
#include "launcher/doctor/fabric.h"
#include "launcher/doctor/machine_findings.h"
#include "launcher/doctor/program_findings.h"

namespace temper::launch {
namespace {

using State = Finding::State;

struct DoctorOptions {
  RecipeOptions cluster;             ///< only --on and --ranks
  std::optional<std::int64_t> gpus;  ///< 0: all that there are
  std::string transport;
  std::uint64_t largest = std::uint64_t{64} << 20;
  bool json = false;

  bool tests_communication() const { return gpus || cluster.ranks || !transport.empty(); }
};

void append(std::vector<Finding>& findings, std::vector<Finding> more) {
  std::ranges::move(more, std::back_inserter(findings));
}

/// The ranks whose communication is tested: those of the file, or of the command line.
recipe::Cluster test_cluster(const DoctorOptions& options, std::int64_t num_gpus) {
  RecipeOptions given = options.cluster;
  if (given.cluster.empty() && !given.ranks) {
    given.ranks = options.gpus ? num_gpus : 2;
  }
  recipe::Cluster cluster = load_cluster(given);
  if (cluster.kind != recipe::ClusterKind::kLocal) {
    throw UserError(fmt::format(
        "{}: the test of communication is of this machine's ranks, kind {} has others; leave out "
        "--gpu, --ranks and --transport to check what the file needs, or call temper doctor there",
        given.cluster, recipe::name_of(cluster.kind)));
  }
  cluster.resources.gpus = options.gpus ? num_gpus : cluster.resources.gpus;
  for (const auto& [transport, name] : recipe::Choices<recipe::Transport>::kNames) {
    if (name == options.transport) {
      cluster.transport = transport;
    }
  }
  return cluster;
}

void test(Context& context, const DoctorOptions& options, const recipe::Cluster& cluster,
          DoctorReport& report) {
  if (cluster.ranks == 1) {
    report.findings.push_back(
        {"communication", State::kOk, "a single rank has nobody to talk to", ""});
    return;
  }
  context.err << fmt::format("testing the communication of {} ranks\n", cluster.ranks)
              << std::flush;
  SystemSignals signals;
  const CommunicationResult result = test_communication(context, cluster, options.largest, signals);
  if (!result.report) {
    report.findings.push_back({"communication", State::kFailed, result.problem,
                               "NCCL_DEBUG=INFO under `environment` in the cluster file tells more "
                               "where GPUs are concerned"});
  } else {
    report.findings.push_back(communication_finding(*result.report));
    report.communication = result.report;
  }
  append(report.findings, judge_fabric(result.nccl, look_for_fabric("/")));
}

/// GPUs as the trainer sees them and what they compute, then the ranks' communication.
void check_communication(Context& context, const DoctorOptions& options, DoctorReport& report) {
  std::int64_t num_gpus = 0;
  if (options.gpus) {
    Finding gpus = gpu_finding(context, std::max<std::int64_t>(1, *options.gpus));
    num_gpus = *options.gpus > 0 ? *options.gpus
                                 : 1 + std::ranges::count(gpus.detail, '\n');  // a line each
    const bool there = gpus.state != State::kFailed;
    report.findings.push_back(std::move(gpus));
    if (!there) {
      return;
    }
  }
  const recipe::Cluster cluster = test_cluster(options, num_gpus);
  if (options.gpus) {
    report.findings.push_back(attention_finding(context, cluster));
  }
  test(context, options, cluster, report);
}

int doctor(Context& context, const DoctorOptions& options) {
  DoctorReport report;
  append(report.findings, own_findings(context.runner, TEMPER_VERSION, expected_trainer(context)));
  if (options.tests_communication()) {
    if (all_required_is_there(report.findings)) {
      check_communication(context, options, report);
    }
  } else if (!options.cluster.cluster.empty()) {
    append(report.findings, cluster_findings(context, load_cluster(options.cluster)));
  } else {
    append(report.findings,
           machine_findings("/proc", std::thread::hardware_concurrency(), context.environment));
    append(report.findings, program_findings(context.runner));
    append(report.findings, credential_findings(context.environment, context.clock));
  }
  context.out << (options.json ? doctor_json(report) : doctor_text(report)) << std::flush;
  return all_required_is_there(report.findings) ? 0 : static_cast<int>(ExitCode::kUser);
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  const auto options = std::make_shared<DoctorOptions>();
  app.add_option("--on", options->cluster.cluster,
                 "Cluster file: check what it needs; for a test, its ranks");
  app.add_option("--gpu", options->gpus,
                 "Test the GPUs of this machine and their communication: so many, or all")
      ->expected(0, 1)
      ->default_str("0")
      ->check(CLI::Range(0, 64));
  app.add_option("--ranks", options->cluster.ranks,
                 "Test the communication of so many ranks of this machine")
      ->check(CLI::Range(1, 4096));
  app.add_option("--transport", options->transport,
                 "How the ranks of the test meet: mpi or tcp (default: the cluster file's)")
      ->check(CLI::IsMember({"mpi", "tcp"}));
  app.add_option("--largest", options->largest,
                 "Bytes of the largest message of the test (default: 64 MiB)")
      ->check(CLI::Range(std::uint64_t{1} << 10, std::uint64_t{1} << 32));
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return doctor(context, *options); };
  });
}

}  // namespace temper::launch
