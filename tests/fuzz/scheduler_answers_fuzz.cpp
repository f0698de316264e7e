#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "launcher/backends/kubernetes/job_conditions.h"
#include "launcher/backends/kubernetes/manifest_text.h"
#include "launcher/backends/slurm/job_state.h"

using namespace temper::launch;

/// Any answer of squeue, scontrol, sbatch or kubectl is a state, nothing, or a UserError; any run
/// id gives a name that Kubernetes takes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  temper::run::RunRecord record;
  record.state = temper::run::RunState::kRunning;
  state_of_job(record, parse_job_line(text));
  state_of_job(record, parse_scontrol_job(text));
  if (const auto id = parse_sbatch_answer(text); id && id->empty()) {
    std::abort();
  }
  try {
    KubernetesJob job = parse_job_object(text);
    add_pods(text, job);
    state_of_job(record, job);
  } catch (const temper::UserError&) {
  }
  const std::string name = job_name(std::string(text));
  if (name.empty() || name.size() > 40 || name.back() == '-') {
    std::abort();
  }
  return 0;
}
