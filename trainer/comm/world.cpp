#include "trainer/comm/world.h"

#include <fmt/format.h>

#include <charconv>
#include <initializer_list>
#include <string_view>

#include "core/base/error.h"

namespace temper::comm {
namespace {

/// The number in a variable; nullopt if it isn't set.
std::optional<int> read_number(const Environment& environment, std::string_view name) {
  const auto text = environment.get(name);
  if (!text) {
    return std::nullopt;
  }
  int number = 0;
  const char* end = text->data() + text->size();
  const auto [parsed_end, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || parsed_end != end || number < 0) {
    throw UserError(fmt::format(
        "environment variable {}: '{}' is not a number; it is set by the launcher of the ranks, so "
        "unset it or start through mpirun",
        name, *text));
  }
  return number;
}

}  // namespace

World read_world(const Environment& environment) {
  if (const auto size = read_number(environment, "OMPI_COMM_WORLD_SIZE")) {
    const auto rank = read_number(environment, "OMPI_COMM_WORLD_RANK");
    return {rank.value_or(0), size, "Open MPI", true};
  }
  const auto step_tasks = read_number(environment, "SLURM_STEP_NUM_TASKS");
  if (const auto rank = read_number(environment, "PMIX_RANK")) {
    const bool slurm = environment.get("SLURM_PROCID").has_value();
    return {*rank, slurm ? step_tasks : std::nullopt, slurm ? "Slurm PMIx" : "PMIx", true};
  }
  if (const auto rank = read_number(environment, "PMI_RANK")) {
    return {*rank, read_number(environment, "PMI_SIZE"), "PMI", true};
  }
  if (step_tasks.value_or(1) > 1) {
    throw UserError(fmt::format(
        "srun started {} tasks that can't find each other; start them with srun --mpi=pmix",
        *step_tasks));
  }
  return {0, 1, "none", false};
}

}  // namespace temper::comm
