#include "launcher/backends/slurm/slurm_array.h"

#include <fmt/format.h>

#include "launcher/backends/slurm/batch_script.h"
#include "launcher/backends/slurm/submit_once.h"

namespace temper::launch {
namespace {

std::vector<std::string> elements_of(const std::string& array, std::size_t count) {
  std::vector<std::string> elements;
  for (std::size_t i = 0; i < count; ++i) {
    elements.push_back(fmt::format("{}_{}", array, i));
  }
  return elements;
}

}  // namespace

SlurmArray::SlurmArray(ProcessRunner& runner) : runner_(runner) {}

RenderedJob SlurmArray::render(const std::vector<JobSpec>& specs) const {
  return {{shell_line(sbatch_command(specs.front()))}, {{kBatchScript, array_script(specs)}}};
}

std::optional<std::vector<std::string>> SlurmArray::find(const std::vector<JobSpec>& specs) const {
  const auto array = find_job_named(runner_, array_name(specs));
  return array ? std::optional(elements_of(*array, specs.size())) : std::nullopt;
}

std::vector<std::string> SlurmArray::submit(const std::vector<JobSpec>& specs) {
  return elements_of(submit_once(runner_, array_name(specs), sbatch_command(specs.front())),
                     specs.size());
}

std::string slurm_job_around(const Environment& environment) {
  const auto array = environment.get("SLURM_ARRAY_JOB_ID");
  const auto index = environment.get("SLURM_ARRAY_TASK_ID");
  return array && index ? *array + "_" + *index : environment.get("SLURM_JOB_ID").value_or("");
}

}  // namespace temper::launch
