#include "launcher/backends/slurm/batch_script.h"

#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/hash.h"

namespace temper::launch {
namespace {

constexpr double kMebibytesAGibibyte = 1024;

/// A value of an #SBATCH line. sbatch takes double quotes there, and has no way to escape them.
std::string option_value(const std::string& value) {
  if (value.find_first_of("\"\n\\#") != std::string::npos) {
    throw UserError(fmt::format(
        "'{}' can't be written into a batch script; choose a name without quotes, backslashes, "
        "# and line ends",
        value));
  }
  return value.find(' ') == std::string::npos ? value : '"' + value + '"';
}

/// A log's path in which sbatch replaces `job`, %j or the like; any other '%' is written twice.
std::string log_pattern(const std::filesystem::path& folder, std::string_view job) {
  std::string escaped;
  for (const char c : folder.string()) {
    escaped += c == '%' ? "%%" : std::string(1, c);
  }
  return fmt::format("{}/slurm-{}.log", escaped, job);
}

class Options {
 public:
  void add(std::string_view name, const std::string& value) {
    text_ += fmt::format("#SBATCH --{}={}\n", name, option_value(value));
  }
  void add_if(std::string_view name, const std::string& value) {
    if (!value.empty()) {
      add(name, value);
    }
  }
  void add_number(std::string_view name, std::int64_t value) { add(name, fmt::to_string(value)); }
  void add_line(const std::string& option) { text_ += fmt::format("#SBATCH {}\n", option); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string gpus_of(const recipe::Resources& node) {
  return node.gpu_type.empty() ? fmt::format("gpu:{}", node.gpus)
                               : fmt::format("gpu:{}:{}", node.gpu_type, node.gpus);
}

void add_resources(const recipe::Cluster& cluster, Options& options) {
  const recipe::Resources& node = cluster.resources;
  const std::int64_t ranks_a_node = cluster.ranks / cluster.nodes;
  options.add_number("nodes", cluster.nodes);
  options.add_number("ntasks-per-node", ranks_a_node);
  options.add_number("cpus-per-task", node.cpus / ranks_a_node);
  if (node.memory_gib > 0) {
    options.add("mem", fmt::format("{}M", std::llround(node.memory_gib * kMebibytesAGibibyte)));
  }
  if (node.gpus > 0) {
    options.add("gres", gpus_of(node));
  }
  if (cluster.time_limit_minutes > 0) {
    options.add_number("time", cluster.time_limit_minutes);
  }
}

/// The head of a script for runs on such a cluster. `log`: the job's, with sbatch's patterns.
std::string head(const recipe::Cluster& cluster, const std::string& name, const std::string& array,
                 const std::string& log) {
  const recipe::Slurm& slurm = cluster.slurm;
  Options options;
  options.add("job-name", name);
  options.add_if("array", array);
  add_resources(cluster, options);
  options.add_if("partition", slurm.partition);
  options.add_if("account", slurm.account);
  options.add_if("qos", slurm.qos);
  options.add_if("constraint", slurm.constraint);
  if (slurm.exclusive) {
    options.add_line("--exclusive");
  }
  // A job that is queued again keeps its id: its log must go on, not begin anew.
  options.add("output", log);
  options.add_line("--open-mode=append");
  options.add_line("--requeue");
  // To the batch shell alone: it is temper then, which passes it on to the ranks. USR2, as NCCL and
  // debuggers use USR1.
  options.add_line(fmt::format("--signal=B:USR2@{}", cluster.grace_seconds));
  for (const std::string& option : slurm.options) {
    options.add_line(option);
  }
  return "#!/bin/bash\n# Rendered by temper; `temper submit` sends it as it is.\n" +
         options.text() + "set -eu\n";
}

std::string setup_lines(const recipe::Slurm& slurm) {
  std::string lines;
  for (const std::string& line : slurm.setup) {
    lines += line + "\n";
  }
  return lines;
}

std::filesystem::path logs_of(const JobSpec& spec) {
  return run::RunLayout{spec.launch.run_dir}.logs();
}

}  // namespace

std::string batch_script(const JobSpec& spec) {
  return head(spec.cluster, spec.run_id, "", log_pattern(logs_of(spec), "%j")) +
         setup_lines(spec.cluster.slurm) +
         fmt::format("exec {} attend {}\n", shell_word(spec.program.string()),
                     shell_word(spec.place));
}

std::string array_name(const std::vector<JobSpec>& specs) {
  constexpr std::size_t kHashDigits = 8;
  std::string ids;
  for (const JobSpec& spec : specs) {
    ids += spec.run_id + "\n";
  }
  return fmt::format("{}-sweep-{}", specs.front().run_id, sha256_hex(ids).substr(0, kHashDigits));
}

std::string array_script(const std::vector<JobSpec>& specs) {
  const JobSpec& first = specs.front();
  // What Slurm itself says of any element goes to the first run's logs.
  std::string script = head(first.cluster, array_name(specs), fmt::format("0-{}", specs.size() - 1),
                            log_pattern(logs_of(first), "%A_%a")) +
                       "case $SLURM_ARRAY_TASK_ID in\n";
  for (std::size_t i = 0; i < specs.size(); ++i) {
    script += fmt::format("{}) run={} logs={} ;;\n", i, shell_word(specs[i].place),
                          shell_word(logs_of(specs[i]).string()));
  }
  return script + "esac\n" +
         "exec >> \"$logs/slurm-${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID.log\" 2>&1\n" +
         setup_lines(first.cluster.slurm) +
         fmt::format("exec {} attend \"$run\"\n", shell_word(first.program.string()));
}

std::vector<std::string> sbatch_command(const JobSpec& spec) {
  return {"sbatch", "--parsable", run::RunLayout{spec.launch.run_dir}.job("sbatch").string()};
}

std::vector<std::string> slurm_rank_starter(const recipe::Cluster& cluster,
                                            recipe::RankStarter starter, const LaunchSpec& launch) {
  const std::int64_t ranks_a_node = cluster.ranks / cluster.nodes;
  if (starter == recipe::RankStarter::kSrun) {
    // cpus-per-task is said again: some releases of Slurm pass it on to srun and some don't. A rank
    // that leaves with an error takes the others along; one that leaves too early does so in 60 s.
    return {"srun",
            "--mpi=" + cluster.slurm.mpi,
            fmt::format("--nodes={}", cluster.nodes),
            fmt::format("--ntasks={}", cluster.ranks),
            fmt::format("--ntasks-per-node={}", ranks_a_node),
            fmt::format("--cpus-per-task={}", cluster.resources.cpus / ranks_a_node),
            "--kill-on-bad-exit=1",
            "--wait=60",
            "--unbuffered",
            "--input=none"};
  }
  std::vector<std::string> argv = {"mpirun"};
  if (launch.as_root) {
    argv.emplace_back("--allow-run-as-root");
  }
  argv.insert(argv.end(),
              {"--bind-to", "none", "--map-by", fmt::format("ppr:{}:node", ranks_a_node), "-n",
               fmt::to_string(cluster.ranks)});
  for (const auto& [name, value] : launch.environment) {
    argv.insert(argv.end(), {"-x", name});
  }
  return argv;
}

}  // namespace temper::launch
