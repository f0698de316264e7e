#include "core/run/world.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace temper::run {
namespace {

constexpr int kMaxPort = 65'535;

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
        "unset it or start through that launcher",
        name, *text));
  }
  return number;
}

[[noreturn]] void contradict(const std::string& what) {
  throw UserError(fmt::format(
      "environment: {}; these variables are set by the launcher of the ranks: mend what sets them, "
      "or unset them to train alone",
      what));
}

/// nullopt if neither variable is set.
std::optional<MeetingPlace> read_meeting(const Environment& environment, std::string_view address,
                                         std::string_view port) {
  const auto name = environment.get(address);
  const auto number = read_number(environment, port);
  if (!name && !number) {
    return std::nullopt;
  }
  if (!name || name->empty() || !number || *number == 0 || *number > kMaxPort) {
    contradict(fmt::format("{} is '{}' and {} is {}, no place to meet", address, name.value_or(""),
                           port, number.value_or(0)));
  }
  return MeetingPlace{*name, *number};
}

void check_index(std::string_view index_name, int index, std::string_view count_name,
                 std::optional<int> count) {
  if (count && index >= *count) {
    contradict(fmt::format("{} is {}, but {} is {}", index_name, index, count_name, *count));
  }
}

Node read_pet(const Environment& environment, int index) {
  const Node node{index, read_number(environment, "PET_NNODES"),
                  read_meeting(environment, "PET_MASTER_ADDR", "PET_MASTER_PORT"), "PET"};
  check_index("PET_NODE_RANK", index, "PET_NNODES", node.count);
  return node;
}

/// "cmle-training-workerpool0-ab-0:2222" without its port.
std::string host_of(const std::string& address) {
  return address.substr(0, address.rfind(':'));
}

/// The port that a machine's service opens for training, by the variable that Kubernetes makes of
/// it on every machine: CMLE_TRAINING_WORKERPOOL0_AB_0_SERVICE_PORT_TRAINING_PORT, in capitals
/// whatever the host is in. Vertex AI's samples use the other one where there is none.
int training_port(const Environment& environment, const std::string& host) {
  constexpr int kTrainingPort = 3333;
  std::string name;
  for (const char c : host) {
    name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return read_number(environment, name + "_SERVICE_PORT_TRAINING_PORT").value_or(kTrainingPort);
}

/// A pool without machines takes part in the numbering with none. The layout is Vertex AI's
/// "Understand CLUSTER_SPEC"; the port in an address there is TensorFlow's.
Node read_cluster_spec(const Environment& environment, const std::string& text) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  constexpr int kMaxNodes = 65'536;
  const nlohmann::json spec = parse_json_object(text, kMaxBytes, "CLUSTER_SPEC");
  const JsonFields fields(spec, "CLUSTER_SPEC");
  const JsonFields task(fields.object("task"), "CLUSTER_SPEC: task");
  const std::string own_pool = task.text("type");
  const auto index = static_cast<int>(task.integer("index", 0, kMaxNodes));
  std::optional<int> node;
  int count = 0;
  std::string first_host;
  const std::map<std::string, nlohmann::json> pools = fields.object("cluster");
  for (const auto& [name, machines] : pools) {  // workerpool0, workerpool1 …: sorted by name
    if (!machines.is_array() || machines.size() > kMaxNodes) {
      fields.fail("cluster", name + " is no list of machines");
    }
    if (name == own_pool && index < static_cast<int>(machines.size())) {
      node = count + index;
    }
    for (const nlohmann::json& machine : machines) {
      if (!machine.is_string()) {
        fields.fail("cluster", name + " lists something that is no address");
      }
      if (count++ == 0) {
        first_host = host_of(machine.get<std::string>());
      }
    }
  }
  if (!node) {
    contradict(
        fmt::format("CLUSTER_SPEC says that this is machine {} of {}, which its cluster "
                    "does not have",
                    index, own_pool));
  }
  return {*node, count, MeetingPlace{first_host, training_port(environment, first_host)},
          "CLUSTER_SPEC"};
}

/// Ranks that say themselves who they are.
World read_torchrun(const Environment& environment, int rank) {
  const auto size = read_number(environment, "WORLD_SIZE");
  if (!size) {
    contradict(fmt::format("RANK is {}, but WORLD_SIZE is not set", rank));
  }
  check_index("RANK", rank, "WORLD_SIZE", size);
  const auto meeting = read_meeting(environment, "MASTER_ADDR", "MASTER_PORT");
  if (!meeting && *size > 1) {
    contradict(fmt::format("WORLD_SIZE is {}, but MASTER_ADDR and MASTER_PORT are not set", *size));
  }
  return {rank, size, "torchrun", Transport::kTcp, meeting.value_or(MeetingPlace{})};
}

std::optional<World> read_mpi(const Environment& environment) {
  if (const auto size = read_number(environment, "OMPI_COMM_WORLD_SIZE")) {
    const auto rank = read_number(environment, "OMPI_COMM_WORLD_RANK").value_or(0);
    check_index("OMPI_COMM_WORLD_RANK", rank, "OMPI_COMM_WORLD_SIZE", size);
    return World{rank, size, "Open MPI", Transport::kMpi, {}};
  }
  const auto step_tasks = read_number(environment, "SLURM_STEP_NUM_TASKS");
  if (const auto rank = read_number(environment, "PMIX_RANK")) {
    const bool slurm = environment.get("SLURM_PROCID").has_value();
    return World{*rank,
                 slurm ? step_tasks : std::nullopt,
                 slurm ? "Slurm PMIx" : "PMIx",
                 Transport::kMpi,
                 {}};
  }
  if (const auto rank = read_number(environment, "PMI_RANK")) {
    return World{*rank, read_number(environment, "PMI_SIZE"), "PMI", Transport::kMpi, {}};
  }
  return std::nullopt;
}

}  // namespace

Node read_node(const Environment& environment) {
  if (const auto index = read_number(environment, "PET_NODE_RANK")) {
    return read_pet(environment, *index);
  }
  if (const auto spec = environment.get("CLUSTER_SPEC"); spec && !spec->empty()) {
    return read_cluster_spec(environment, *spec);
  }
  if (const auto index = read_number(environment, "JOB_COMPLETION_INDEX")) {
    return {*index, std::nullopt, read_meeting(environment, "MASTER_ADDR", "MASTER_PORT"),
            "Kubernetes"};
  }
  return {};
}

World read_world(const Environment& environment) {
  if (const auto world = read_mpi(environment)) {
    return *world;
  }
  if (const auto rank = read_number(environment, "RANK")) {
    return read_torchrun(environment, *rank);
  }
  if (const auto tasks = read_number(environment, "SLURM_STEP_NUM_TASKS"); tasks.value_or(1) > 1) {
    throw UserError(fmt::format(
        "srun started {} tasks that can't find each other; start them with srun --mpi=pmix",
        *tasks));
  }
  const Node node = read_node(environment);
  if (!node.meeting || node.count == 1) {
    if (node.index > 0 || node.count.value_or(1) > 1) {
      contradict(
          fmt::format("{} says that this is machine {}, but not where machine 0 is "
                      "(MASTER_ADDR and MASTER_PORT)",
                      node.source, node.index));
    }
    return {0, 1, "none", Transport::kNone, {}};
  }
  return {node.index, node.count, node.source, Transport::kTcp, *node.meeting};
}

}  // namespace temper::run
