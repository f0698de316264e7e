#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// A recipe says *what* to train. Plain values with defaults; each section visits its fields once, and
/// parsing, defaults, bounds, --help, the resolved dump and docs/recipe-reference.md come from that.
/// visit(field) calls field(key, member, help) and chains bounds (see recipe_fields.h).
namespace temper::recipe {

enum class DataType { kAuto, kFp32, kBf16 };
enum class Init { kPretrained, kRandom };
enum class AdapterType { kLora, kNone };
enum class DataFormat { kAuto, kJsonl };
enum class Overlength { kError, kDrop, kTruncate, kSplit };
enum class TrainOn { kAll, kAssistant, kLast };
enum class OptimizerName { kAdamw };
enum class ScheduleKind { kConstant, kLinear, kCosine, kWsd };

struct Model {
  std::string base;      ///< Hugging Face folder, .gguf file (random: a folder or config.json)
  std::string name;      ///< what the adapter calls its base (a Hub id); empty: base
  std::string chat_template;  ///< a Jinja file in place of the model's own; empty: the model's
  DataType dtype = DataType::kAuto;
  Init init = Init::kPretrained;
};

/// targets: "all-linear", one regex, or a list of module name endings.
using Targets = std::variant<std::string, std::vector<std::string>>;

struct Adapter {
  AdapterType type = AdapterType::kLora;
  std::int64_t rank = 16;
  double alpha = 32;
  double dropout = 0.0;
  Targets targets = std::string("all-linear");
  bool rslora = false;
  std::map<std::string, std::int64_t> rank_pattern;   ///< regex → rank
  std::map<std::string, double> alpha_pattern;        ///< regex → alpha
};

struct DataSource {
  std::string path;  ///< file, folder or glob
  DataFormat format = DataFormat::kAuto;
};

struct Data {
  std::vector<DataSource> train;
  std::vector<DataSource> eval;
  std::int64_t max_length = 2048;
  Overlength overlength = Overlength::kError;
  TrainOn train_on = TrainOn::kAssistant;
};

struct Batch {
  std::int64_t samples = 64;
  std::int64_t slots = 16;
};

struct Optimizer {
  OptimizerName name = OptimizerName::kAdamw;
  double lr = 2e-4;
  std::vector<double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0.0;
  double max_grad_norm = 1.0;  ///< 0: no clipping
};

struct Schedule {
  ScheduleKind kind = ScheduleKind::kCosine;
  double warmup = 0.03;        ///< < 1: share of all steps; >= 1: steps
  double min_lr_ratio = 0.0;   ///< the last learning rate as a share of lr
  double decay = 0.1;          ///< wsd: share of all steps that decay linearly at the end
};

/// Exactly one of the two.
struct Duration {
  std::optional<double> epochs;
  std::optional<std::int64_t> steps;
};

struct Eval {
  std::int64_t every = 0;    ///< steps; 0: before the first and after the last step only
  std::int64_t samples = 0;  ///< at most so many of data.eval; 0: all
};

struct Checkpoint {
  std::string to = "runs";  ///< the folder that holds run directories
  std::int64_t every = 50;  ///< steps; 0: only at the end and when stopped
  std::int64_t keep = 3;
};

struct Recipe {
  std::int64_t version = 1;
  std::string name;
  std::int64_t seed = 42;
  Model model;
  Adapter adapter;
  Data data;
  Batch batch;
  Optimizer optimizer;
  Schedule schedule;
  Duration duration;
  Eval eval;
  Checkpoint checkpoint;
};

/// Cluster file: *where* to run. Only kind: local so far; Slurm, Kubernetes and Vertex come with
/// their backends.
enum class ClusterKind { kLocal };

struct Cluster {
  std::int64_t version = 1;
  ClusterKind kind = ClusterKind::kLocal;
  std::int64_t ranks = 1;
  std::int64_t slot_workers = 0;  ///< a rank; 0: cores / ranks, at least 1
  std::int64_t max_restarts = 3;
  double backoff_seconds = 1.0;   ///< before the first restart; doubles, at most 60
  std::map<std::string, std::string> environment;
};

}  // namespace temper::recipe
