#include "launcher/doctor/program_findings.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "launcher/backends/captured_run.h"

namespace temper::launch {
namespace {

using State = Finding::State;

struct Answer {
  bool is_there = false;
  int code = 0;
  std::string text;  ///< the first line of what it said
};

Answer ask(ProcessRunner& runner, const std::vector<std::string>& argv) {
  try {
    const CapturedRun run = run_captured(runner, argv);
    return {true, run.code,
            run.code == 0 ? run.out.substr(0, run.out.find('\n')) : complaint_of(run)};
  } catch (const UserError& error) {
    return {false, 0, error.what()};
  }
}

Finding program(ProcessRunner& runner, const std::vector<std::string>& argv,
                const std::string& purpose) {
  const std::string& name = argv.front();
  const Answer answer = ask(runner, argv);
  if (!answer.is_there) {
    return {name, State::kAbsent, "not found", purpose};
  }
  if (answer.code != 0) {
    return {name, State::kWarning, answer.text, fmt::format("{} does not work: {}", name, purpose)};
  }
  return {name, State::kOk, answer.text, ""};
}

/// Which cluster kubectl would talk to.
std::optional<Finding> kubectl_context(ProcessRunner& runner) {
  const Answer answer = ask(runner, {"kubectl", "config", "current-context"});
  if (!answer.is_there) {
    return std::nullopt;
  }
  if (answer.code != 0 || answer.text.empty()) {
    return Finding{"kubectl context", State::kAbsent, "none is chosen",
                   "kind: kubernetes needs one: kubectl config use-context NAME, or "
                   "kubernetes.context in the cluster file"};
  }
  return Finding{"kubectl context", State::kOk, answer.text, ""};
}

}  // namespace

std::vector<Finding> own_findings(ProcessRunner& runner, const std::string& version,
                                  const std::filesystem::path& trainer) {
  std::vector<Finding> findings = {{"temper", State::kOk, version, ""}};
  const Answer answer = ask(runner, {trainer.string(), "--version"});
  Finding finding{"temper-trainer", State::kOk,
                  fmt::format("{}, {}", answer.text, trainer.string()), ""};
  if (!answer.is_there || answer.code != 0) {
    finding.state = State::kFailed;
    finding.advice =
        "build the target temper-trainer (scripts/setup.sh), or name it in TEMPER_TRAINER";
  } else if (answer.text.substr(0, answer.text.find(' ')) != version) {
    finding.state = State::kFailed;
    finding.advice = fmt::format(
        "it is not of this temper's version, {}: build both from the same sources, or name the "
        "right one in TEMPER_TRAINER",
        version);
  }
  findings.push_back(finding);
  return findings;
}

std::vector<Finding> program_findings(ProcessRunner& runner) {
  std::vector<Finding> findings = {
      program(
          runner, {"mpirun", "--version"},
          "several ranks on this machine need it, unless transport is tcp: install openmpi-bin"),
      program(runner, {"sbatch", "--version"},
              "kind: slurm needs it: run temper on a login node, or install slurm-client"),
      program(runner, {"srun", "--version"},
              "kind: slurm starts ranks with it: install slurm-client"),
      program(runner, {"kubectl", "version", "--client"},
              "kind: kubernetes needs it: install kubernetes-client"),
  };
  if (auto context = kubectl_context(runner)) {
    findings.push_back(*std::move(context));
  }
  return findings;
}

}  // namespace temper::launch
