#include "launcher/backends/gpu_environment.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::launch {
namespace {

constexpr const char* kWorkspace = "CUBLAS_WORKSPACE_CONFIG";
constexpr const char* kLargeWorkspace = ":4096:8";  // 32 MiB
constexpr const char* kSmallWorkspace = ":16:8";    // slower

}  // namespace

std::map<std::string, std::string> rank_environment(const recipe::Cluster& cluster,
                                                    const std::filesystem::path& logs) {
  std::map<std::string, std::string> variables = cluster.environment;
  if (cluster.resources.gpus == 0) {
    return variables;
  }
  // insert() leaves what is there.
  variables.insert({
      {kWorkspace, kLargeWorkspace},
      {"TORCH_NCCL_ASYNC_ERROR_HANDLING", "2"},  // CleanUpOnly
      {"TORCH_NCCL_DUMP_ON_TIMEOUT", "1"},
      {"TORCH_FR_BUFFER_SIZE", "2000"},
      {"TORCH_FR_DUMP_TEMP_FILE", (logs / "nccl-flight-rank-").string()},
      {"TORCH_NCCL_NAN_CHECK", "0"},  // a step with one ends with its own error
  });
  const std::string& workspace = variables.at(kWorkspace);
  if (workspace != kLargeWorkspace && workspace != kSmallWorkspace) {
    throw UserError(fmt::format(
        "environment.{}: is '{}', with which cuBLAS may give other bits from run to run; remove "
        "it, or write '{}' or '{}'",
        kWorkspace, workspace, kLargeWorkspace, kSmallWorkspace));
  }
  return variables;
}

}  // namespace temper::launch
