#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "launcher/backends/job_name.h"
#include "launcher/backends/kubernetes/job_conditions.h"
#include "launcher/backends/slurm/job_state.h"
#include "launcher/backends/vertex/cloud_log.h"
#include "launcher/backends/vertex/secret_manager.h"
#include "launcher/backends/vertex/vertex_job.h"

using namespace temper::launch;

/// Calls a parser of a service's answer, which may refuse it.
template <typename Parse>
void try_parse(Parse parse) {
  try {
    parse();
  } catch (const temper::UserError&) {
  }
}

/// Any answer of squeue, scontrol, sbatch, kubectl or Google's services is a state, nothing, or a
/// UserError; any run id gives a name that Kubernetes takes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  temper::run::RunRecord record;
  record.state = temper::run::RunState::kRunning;
  state_of_job(record, parse_job_line(text));
  state_of_job(record, parse_scontrol_job(text));
  if (const auto id = parse_sbatch_answer(text); id && id->empty()) {
    std::abort();
  }
  try_parse([&] {
    KubernetesJob job = parse_job_object(text);
    add_pods(text, job);
    state_of_job(record, job);
  });
  try_parse([&] { state_of_vertex_job(record, parse_vertex_job(text)); });
  try_parse([&] { parse_vertex_jobs(text); });
  try_parse([&] { NewEntries().take(parse_log_page(text).entries); });
  try_parse([&] { parse_secret("TOKEN", text); });
  const std::string name = job_name(std::string(text));
  if (name.empty() || name.size() > 40 || name.back() == '-') {
    std::abort();
  }
  return 0;
}
