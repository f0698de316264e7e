#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/recipe/choices.h"
#include "core/recipe/cluster.h"

/// A recipe says *what* to train. Plain values with defaults. Each section visits its fields once,
/// `field(key, member, help)` with chained bounds; parsing, unknown keys, bounds, the resolved dump
/// and docs/recipe-reference.md all come from that one declaration. Visitors: field_reader.h,
/// field_writer.h, key_reference.cpp. Rules between fields are in recipe_rules.cpp.
namespace temper::recipe {

struct Model {
  std::string base;
  std::string name;
  std::string chat_template;
  DataType dtype = DataType::kAuto;
  Init init = Init::kPretrained;

  template <class Visitor>
  void visit(Visitor& field) {
    field(
        "base", base,
        "The base model: a Hugging Face folder or a .gguf file, on this machine or in a bucket, or "
        "a model of the Hugging Face Hub: `hf://org/name[@revision][/path]`, or `org/name` where "
        "no such folder is. With `init: random` only its "
        "configuration and tokenizer are read, and a config.json with the tokenizer's files "
        "beside it will do")
        .required();
    field("name", name,
          "What the finished adapter calls its base model, usually a Hub id such as "
          "`HuggingFaceTB/SmolLM2-135M-Instruct`. Empty: `model.base`, for a model of the Hub its "
          "id. A run that publishes an adapter needs a Hub id");
    field("chat_template", chat_template,
          "A Jinja file in place of the model's own chat template. Empty: the model's");
    field("dtype", dtype,
          "Numbers that the base model computes in. `auto`: fp32 on a CPU, bf16 on a GPU. `tf32`: "
          "fp32 whose products a GPU takes in TF32");
    field("init", init,
          "Where the weights come from: `pretrained` reads them, `random` draws new ones from "
          "`seed`");
  }
  bool operator==(const Model&) const = default;
};

/// "all-linear", one regex, or a list of module name endings.
using Targets = std::variant<std::string, std::vector<std::string>>;

struct Adapter {
  AdapterType type = AdapterType::kLora;
  std::int64_t rank = 16;
  double alpha = 32;
  double dropout = 0.0;
  Targets targets = std::string("all-linear");
  bool rslora = false;
  std::map<std::string, std::int64_t> rank_pattern;  ///< regex → rank
  std::map<std::string, double> alpha_pattern;       ///< regex → alpha
  std::vector<std::string> modules_to_save;

  template <class Visitor>
  void visit(Visitor& field) {
    field("type", type,
          "`lora` trains a low-rank adapter beside frozen weights, `none` trains all weights");
    field("rank", rank, "Rank of the adapter: more can learn more and needs more memory")
        .at_least(1)
        .at_most(16384);
    field("alpha", alpha,
          "The adapter's output is scaled by alpha / rank (with rslora by alpha / √rank)")
        .above(0);
    field("dropout", dropout, "Share of the adapter's inputs that are zeroed while training")
        .at_least(0)
        .below(1);
    field("targets", targets,
          "Which linear modules get an adapter: `all-linear` (all but the head), a list of name "
          "endings such as `[q_proj, v_proj]`, or one regex that matches the full module name");
    field("rslora", rslora, "Scale by alpha / √rank, which keeps high ranks learning");
    field("rank_pattern", rank_pattern,
          "Another rank for modules whose name ends in a match: `{regex: rank}`")
        .at_least(1)
        .at_most(16384);
    field("alpha_pattern", alpha_pattern,
          "Another alpha for modules whose name ends in a match: `{regex: alpha}`")
        .above(0);
    field("modules_to_save", modules_to_save,
          "Modules that are trained whole and saved with the adapter: name endings of norms, the "
          "embedding or the head, such as `[embed_tokens, lm_head]`");
  }
  bool operator==(const Adapter&) const = default;
};

struct DataSource {
  std::string path;
  DataFormat format = DataFormat::kAuto;
  std::optional<double> weight{};

  template <class Visitor>
  void visit(Visitor& field) {
    field("path", path,
          "A file, a folder or a glob such as `data/*.jsonl`, here or in a store "
          "(`gs://bucket/chats`); or the folder of an MDS data set")
        .required();
    field("format", format,
          "How the records are stored. `auto`: `mds` where there is an index.json, else by the "
          "ending");
    field("weight", weight,
          "With a weight on any source, samples are drawn from the sources in proportion to their "
          "weights (1 where none is given), and a small source repeats before a large one ends. "
          "Without, all sources are one data set and an epoch has every sample once")
        .above(0)
        .at_most(1e6);
  }
  bool operator==(const DataSource&) const = default;
};

struct Data {
  std::vector<DataSource> train;
  std::vector<DataSource> eval;
  std::int64_t max_length = 2048;
  Overlength overlength = Overlength::kError;
  TrainOn train_on = TrainOn::kAssistant;

  template <class Visitor>
  void visit(Visitor& field) {
    field("train", train,
          "What to train on: a list of sources. A plain path stands for `{path: …}`, and one "
          "source for a list of one")
        .required()
        .not_empty();
    field("eval", eval, "Held-out samples whose loss is measured, never trained on; as `train`");
    field("max_length", max_length, "The most tokens a sample may have")
        .at_least(2)
        .at_most(std::int64_t{1} << 24);
    field("overlength", overlength,
          "What to do with a sample that has more tokens: stop with an `error` that names it, "
          "`drop` it, `truncate` it, or `split` it into several samples");
    field("train_on", train_on,
          "Which tokens of a chat are learned: `all`, those of the `assistant`, or the `last` "
          "assistant turn");
  }
  bool operator==(const Data&) const = default;
};

struct Batch {
  std::int64_t samples = 64;
  std::int64_t slots = 16;

  template <class Visitor>
  void visit(Visitor& field) {
    field("samples", samples,
          "Samples of one optimizer step, of all ranks together. There is no batch size a device "
          "and no accumulation to multiply")
        .at_least(1)
        .at_most(1 << 24);
    field("slots", slots,
          "The step's samples are dealt into so many slots, each computed in one go. It limits "
          "ranks × slot workers, and with `samples` the memory; the result depends on it, not on "
          "the ranks")
        .at_least(1)
        .at_most(1 << 16);
  }
  bool operator==(const Batch&) const = default;
};

/// What is minimised beside the plain cross-entropy. Held-out losses are always the plain one.
struct Loss {
  double label_smoothing = 0;
  double z_loss = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("label_smoothing", label_smoothing,
          "So much of a target's probability is spread evenly over the vocabulary")
        .at_least(0)
        .below(1);
    field(
        "z_loss", z_loss,
        "Weight of log²(Z), Z the sum of the exponentials of a token's logits: keeps logits small "
        "in training from random weights (1e-4 is usual)")
        .at_least(0)
        .below(1);
  }
  bool operator==(const Loss&) const = default;
};

struct Optimizer {
  OptimizerName name = OptimizerName::kAdamw;
  double lr = 2e-4;
  std::vector<double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0.0;
  double max_grad_norm = 1.0;  ///< 0: no clipping
  MomentFormat moments = MomentFormat::kFp32;

  template <class Visitor>
  void visit(Visitor& field) {
    field("name", name, "The algorithm");
    field("lr", lr, "The peak learning rate, reached after the warm-up").above(0).at_most(1);
    field("betas", betas, "Decay of the two running means (of gradients, of their squares)")
        .at_least(0)
        .below(1);
    field("eps", eps, "Added to the denominator of the update").above(0).below(1);
    field("weight_decay", weight_decay, "Decoupled weight decay, times the learning rate a step")
        .at_least(0)
        .at_most(1);
    field("max_grad_norm", max_grad_norm,
          "Gradients with a larger global norm are scaled down to it. 0: never")
        .at_least(0);
    field("moments", moments,
          "How the two running means are kept: `fp32`, or `8bit`, quantised in blocks of 256 "
          "(tensors of less than 4,096 numbers and the embedding stay fp32): a quarter of the "
          "memory and of the checkpoint's moments, a little slower, not the same result");
  }
  bool operator==(const Optimizer&) const = default;
};

struct Schedule {
  ScheduleKind kind = ScheduleKind::kCosine;
  double warmup = 0.03;       ///< < 1: share of all steps; >= 1: steps
  double min_lr_ratio = 0.0;  ///< the last learning rate as a share of lr
  double decay = 0.1;         ///< wsd: share of all steps that decay linearly at the end

  template <class Visitor>
  void visit(Visitor& field) {
    field("kind", kind,
          "How the learning rate goes on after the warm-up: `constant`, `linear` or `cosine` "
          "decay, or `wsd` (stable, then a linear decay at the end)");
    field("warmup", warmup,
          "Linear rise of the learning rate at the start: below 1 a share of all steps, from 1 on "
          "a number of steps")
        .at_least(0);
    field("min_lr_ratio", min_lr_ratio, "The last learning rate as a share of `optimizer.lr`")
        .at_least(0)
        .at_most(1);
    field("decay", decay, "`wsd` only: the share of all steps that the decay at the end takes")
        .above(0)
        .at_most(1);
  }
  bool operator==(const Schedule&) const = default;
};

/// Exactly one of the two.
struct Duration {
  std::optional<double> epochs;
  std::optional<std::int64_t> steps;

  template <class Visitor>
  void visit(Visitor& field) {
    field("epochs", epochs, "Passes over the training data, 0.5 is half a pass. Or `steps`")
        .above(0)
        .at_most(1000000);
    field("steps", steps, "Optimizer steps. Or `epochs`").at_least(1).at_most(1000000000);
  }
  bool operator==(const Duration&) const = default;
};

struct Eval {
  std::int64_t every = 0;
  std::int64_t samples = 0;

  template <class Visitor>
  void visit(Visitor& field) {
    field("every", every,
          "Measure the loss on `data.eval` every so many steps. 0: before the first and after the "
          "last step only")
        .at_least(0);
    field("samples", samples, "Measure on at most so many samples of `data.eval`. 0: on all")
        .at_least(0);
  }
  bool operator==(const Eval&) const = default;
};

struct Checkpoint {
  std::string to = "runs";
  std::int64_t every = 50;
  std::int64_t keep = 3;

  template <class Visitor>
  void visit(Visitor& field) {
    field("to", to,
          "The folder that holds the run directories, or its URL in a bucket (gs://, s3://)")
        .not_empty();
    field("every", every,
          "Save a checkpoint every so many steps. 0: only at the end and when stopped")
        .at_least(0);
    field("keep", keep, "How many checkpoints to keep; older ones are removed").at_least(1);
  }
  bool operator==(const Checkpoint&) const = default;
};

/// Where the result goes when it is finished. Says nothing of the result itself.
struct Publish {
  std::string hub;  ///< "org/name"; empty: nowhere
  PublishWhen when = PublishWhen::kEnd;
  PublishForm form = PublishForm::kAdapter;
  bool make_private = true;
  std::string revision = "main";
  bool create_pr = false;

  template <class Visitor>
  void visit(Visitor& field) {
    field("hub", hub,
          "A model repository of the Hugging Face Hub that the result is pushed to, `org/name`; "
          "made if it is missing. The token is HF_TOKEN's. Empty: it is not pushed");
    field("when", when,
          "`end` pushes the finished result, `checkpoint` also the adapter of each checkpoint, "
          "`best` that of the checkpoint with the lowest loss on `data.eval` so far, and no other");
    field("form", form,
          "`adapter`, or `merged`: the base model with the adapter added, which a run then leaves "
          "in `merged/`");
    field("private", make_private, "Whether a repository that has to be made is private");
    field("revision", revision, "The branch; made if it is missing").not_empty();
    field("create_pr", create_pr, "Open a pull request instead of committing to the branch");
  }
  bool operator==(const Publish&) const = default;
};

struct Recipe {
  std::int64_t version = 1;
  std::string name;
  std::int64_t seed = 42;
  Model model;
  Adapter adapter;
  Data data;
  Batch batch;
  Memory memory = Memory::kBalanced;
  Loss loss;
  Optimizer optimizer;
  Schedule schedule;
  Duration duration;
  Eval eval;
  Checkpoint checkpoint;
  Publish publish;

  template <class Visitor>
  void visit(Visitor& field) {
    field("version", version, "Version of the recipe format; this is version 1");
    field("name", name, "Names the run and its directory `<name>-<id>`").required();
    field("seed", seed, "Decides order, dropout and random weights").at_least(0);
    field("model", model, "The base model");
    field("adapter", adapter, "What is trained");
    field("data", data, "What it learns from");
    field("batch", batch, "How much goes into one step");
    field("memory", memory,
          "What is kept for the backward pass; the result is the same. `fast`: all; `balanced`: "
          "what is not cheap to compute again; `low`: a quarter less, about a tenth slower");
    field("loss", loss, "What is minimised");
    field("optimizer", optimizer, "How weights are updated");
    field("schedule", schedule, "How the learning rate changes over the run");
    field("duration", duration, "How long to train: exactly one of `epochs` and `steps`");
    field("eval", eval, "When and on how much of `data.eval` the loss is measured");
    field("checkpoint", checkpoint, "Where and how often the state is saved");
    field("publish", publish, "Where the result is pushed");
  }
  bool operator==(const Recipe&) const = default;
};

}  // namespace temper::recipe
