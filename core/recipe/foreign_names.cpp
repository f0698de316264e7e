#include "core/recipe/foreign_names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace temper::recipe {
namespace {

constexpr std::string_view kAllRanks = "It counts the samples of one step of all ranks together";
constexpr std::string_view kNoAccumulation =
    "there is no accumulation to set: batch.samples is the whole step, whatever the number of "
    "ranks";
constexpr std::string_view kNoPacking =
    "remove it: samples are always computed without padding and never see each other";
constexpr std::string_view kInterval = "It counts steps";
constexpr std::string_view kShareOrSteps = "Below 1 it is a share of all steps, from 1 on steps";
constexpr std::string_view kRecompute =
    "`memory: low` computes more of the activations again; the result is the same";
constexpr std::string_view kProgress =
    "remove it: every step is written to progress.jsonl in the run directory";
constexpr std::string_view kResume = "it is not part of a recipe: use `temper resume RUN`";
constexpr std::string_view kNoHub =
    "pushing to a hub is not part of this version; upload the run's adapter/ folder";
constexpr std::string_view kCluster =
    "where to run is said in the cluster file (`--on configs/local.yaml`), not here";
constexpr std::string_view kNoQuantized =
    "training on a quantised base is not supported; a .gguf base is dequantised when it is read";
constexpr std::string_view kNoPreference = "only supervised fine-tuning is supported";
constexpr std::string_view kTokenizerOfModel = "remove it: the tokenizer is the base model's";
constexpr std::string_view kTransport = "remove it: ranks need no such setting here";

// Aligned by hand as a table.
// clang-format off
constexpr ForeignName kNames[] = {
    // The base model.
    {"base_model", "model.base", ""},
    {"model_name_or_path", "model.base", ""},
    {"pretrained_model_name_or_path", "model.base", ""},
    {"model_name", "model.base", ""},
    {"model_id", "model.base", ""},
    {"checkpoint_dir", "model.base", "A folder or .gguf file; run checkpoints go to checkpoint.to"},
    {"torch_dtype", "model.dtype", ""},
    {"precision", "model.dtype", ""},
    {"bf16", "model.dtype", "Write `dtype: bf16`, fp32 or auto"},
    {"fp16", "model.dtype", "There is no fp16; fp32 and bf16 are"},
    {"tf32", "model.dtype", "Write `dtype: tf32`; it is for GPUs alone"},
    {"chat_template_path", "model.chat_template", ""},
    {"chat_template_jinja", "model.chat_template", "The path of a Jinja file"},
    {"template", "model.chat_template", "The path of a Jinja file; by default the model's own"},
    {"model_type", "", "remove it: the base model's config.json says what it is"},
    {"architectures", "", "remove it: the base model's config.json says what it is"},
    {"tokenizer", "", kTokenizerOfModel},
    {"tokenizer_type", "", kTokenizerOfModel},
    {"tokenizer_name", "", kTokenizerOfModel},
    {"special_tokens", "", kTokenizerOfModel},
    {"trust_remote_code", "", "remove it: no code of a model is ever run"},
    {"attn_implementation", "", "remove it: there is one attention, exact and block-diagonal"},
    {"flash_attention", "", "remove it: there is one attention, exact and block-diagonal"},
    {"model_revision", "", "revisions are not part of this version; name a folder or file in model.base"},
    // The adapter.
    {"lora", "adapter.type", "The section is `adapter`"},
    {"peft", "adapter.type", "The section is `adapter`"},
    {"peft_config", "adapter.type", "The section is `adapter`"},
    {"use_peft", "adapter.type", "`lora`, or `none` to train all weights"},
    {"finetuning_type", "adapter.type", "`lora`, or `none` to train all weights"},
    {"lora_r", "adapter.rank", ""},
    {"lora_rank", "adapter.rank", ""},
    {"r", "adapter.rank", ""},
    {"lora_alpha", "adapter.alpha", ""},
    {"lora_dropout", "adapter.dropout", ""},
    {"lora_target", "adapter.targets", "`all-linear`, a list of name endings, or a regex"},
    {"lora_target_modules", "adapter.targets", "`all-linear`, a list of name endings, or a regex"},
    {"lora_target_linear", "adapter.targets", "`all-linear` is the default"},
    {"lora_attn_modules", "adapter.targets", "A list of name endings such as [q_proj, v_proj]"},
    {"apply_lora_to_mlp", "adapter.targets", "Add gate_proj, up_proj and down_proj to it"},
    {"target_modules", "adapter.targets", "`all-linear`, a list of name endings, or a regex"},
    {"use_rslora", "adapter.rslora", ""},
    {"peft_use_rslora", "adapter.rslora", ""},
    {"lora_rank_pattern", "adapter.rank_pattern", ""},
    {"lora_alpha_pattern", "adapter.alpha_pattern", ""},
    {"use_dora", "", "DoRA is not supported; remove it, or try adapter.rslora"},
    {"peft_use_dora", "", "DoRA is not supported; remove it, or try adapter.rslora"},
    {"dora", "", "DoRA is not supported; remove it, or try adapter.rslora"},
    {"loraplus_lr_ratio", "", "LoRA+ is not supported; there is one learning rate"},
    {"lora_modules_to_save", "adapter.modules_to_save", ""},
    {"additional_target", "adapter.modules_to_save", "A list of name endings such as [embed_tokens, lm_head]"},
    {"load_in_4bit", "", kNoQuantized},
    {"load_in_8bit", "", kNoQuantized},
    {"quantization_bit", "", kNoQuantized},
    {"save_adapter_weights_only", "", "remove it: a checkpoint of an adapter holds no base weights"},
    // The data.
    {"datasets", "data.train", ""},
    {"dataset", "data.train", ""},
    {"dataset_name", "data.train", "Local files, folders and globs"},
    {"train_file", "data.train", ""},
    {"train_loader", "data.train", ""},
    {"data_files", "data.train", ""},
    {"hf_name", "data.train", "Local files, folders and globs"},
    {"test_datasets", "data.eval", ""},
    {"eval_dataset", "data.eval", ""},
    {"dataset_val", "data.eval", ""},
    {"validation_file", "data.eval", ""},
    {"eval_loader", "data.eval", ""},
    {"val_set_size", "data.eval", "Name held-out files; nothing is split off the training data"},
    {"val_size", "data.eval", "Name held-out files; nothing is split off the training data"},
    {"sequence_len", "data.max_length", ""},
    {"max_seq_len", "data.max_length", ""},
    {"max_seq_length", "data.max_length", ""},
    {"cutoff_len", "data.max_length", "Longer samples are an error unless data.overlength says else"},
    {"excess_length_strategy", "data.overlength", ""},
    {"train_on_inputs", "data.train_on", "`assistant` for false, `all` for true"},
    {"train_on_input", "data.train_on", "`assistant` for false, `all` for true"},
    {"train_on_prompt", "data.train_on", "`assistant` for false, `all` for true"},
    {"assistant_only_loss", "data.train_on", "`assistant` for true, `all` for false"},
    {"completion_only_loss", "data.train_on", "`assistant` for true, `all` for false"},
    {"roles_to_train", "data.train_on", "`all`, `assistant` or `last`"},
    {"mask_history", "data.train_on", "`last` for true"},
    {"ds_type", "data.train[].format", ""},
    {"dataset_text_field", "", "a record has `messages`, `prompt` and `completion`, or `text`"},
    {"field_messages", "", "a record has `messages`, `prompt` and `completion`, or `text`"},
    {"shuffle", "", "the order is always shuffled, by `seed`"},
    {"shuffle_merged_datasets", "", "the order is always shuffled, by `seed`"},
    {"data_seed", "seed", ""},
    {"full_determinism", "", "remove it: every run is deterministic"},
    {"sample_packing", "", kNoPacking},
    {"eval_sample_packing", "", kNoPacking},
    {"packing", "", kNoPacking},
    {"packed", "", kNoPacking},
    {"neat_packing", "", kNoPacking},
    {"packing_ratio", "", kNoPacking},
    {"padding_free", "", kNoPacking},
    {"pad_to_sequence_len", "", kNoPacking},
    {"group_by_length", "", "remove it: a step's samples are balanced by length anyway"},
    {"dataset_prepared_path", "", "remove it: data is read as it is, and indexed once"},
    {"tokenized_path", "", "remove it: samples are tokenised while training"},
    {"streaming", "", "remove it: data is always streamed"},
    {"preprocessing_num_workers", "", "remove it: samples are tokenised while training"},
    {"dataset_num_proc", "", "remove it: samples are tokenised while training"},
    {"dataloader_num_workers", "", "remove it: samples are read ahead by themselves"},
    {"dataloader_drop_last", "", "remove it: the tail of an epoch runs on into the next one"},
    // The batch.
    {"per_device_train_batch_size", "batch.samples", kAllRanks},
    {"per_gpu_train_batch_size", "batch.samples", kAllRanks},
    {"micro_batch_size", "batch.samples", kAllRanks},
    {"batch_size", "batch.samples", kAllRanks},
    {"train_batch_size", "batch.samples", kAllRanks},
    {"global_train_batch_size", "batch.samples", ""},
    {"global_batch_size", "batch.samples", ""},
    {"device_train_microbatch_size", "batch.slots", "The step is dealt into so many parts, each computed in one go"},
    {"gradient_accumulation_steps", "", kNoAccumulation},
    {"per_device_eval_batch_size", "", "remove it: evaluation goes through the same slots as training"},
    {"eval_batch_size", "", "remove it: evaluation goes through the same slots as training"},
    {"auto_find_batch_size", "", "remove it: `temper plan` estimates the memory; batch.samples decides the result"},
    {"average_tokens_across_devices", "", "remove it: the loss is always divided by the trained tokens of the whole step"},
    // The optimizer.
    {"learning_rate", "optimizer.lr", ""},
    {"optim", "optimizer.name", ""},
    {"adam_epsilon", "optimizer.eps", ""},
    {"adam_beta1", "optimizer.betas", "A list of two: [0.9, 0.999]"},
    {"adam_beta2", "optimizer.betas", "A list of two: [0.9, 0.999]"},
    {"clip_grad_norm", "optimizer.max_grad_norm", ""},
    {"gradient_clipping", "optimizer.max_grad_norm", ""},
    {"gradient_clip_val", "optimizer.max_grad_norm", ""},
    {"optim_args", "", "the section `optimizer` has a key for each argument"},
    {"optimizer_in_bwd", "", "remove it: the gradient's norm is needed before the update"},
    {"label_smoothing_factor", "loss.label_smoothing", ""},
    {"neftune_noise_alpha", "", "NEFTune is not supported"},
    // The schedule.
    {"lr_scheduler", "schedule.kind", ""},
    {"lr_scheduler_type", "schedule.kind", ""},
    {"scheduler", "schedule.kind", ""},
    {"warmup_ratio", "schedule.warmup", kShareOrSteps},
    {"warmup_steps", "schedule.warmup", kShareOrSteps},
    {"num_warmup_steps", "schedule.warmup", kShareOrSteps},
    {"t_warmup", "schedule.warmup", kShareOrSteps},
    {"cosine_min_lr_ratio", "schedule.min_lr_ratio", ""},
    {"alpha_f", "schedule.min_lr_ratio", ""},
    {"lr_scheduler_kwargs", "schedule.min_lr_ratio", "The section `schedule` has a key for each argument"},
    // The duration.
    {"num_epochs", "duration.epochs", ""},
    {"num_train_epochs", "duration.epochs", ""},
    {"max_epochs", "duration.epochs", ""},
    {"max_steps", "duration.steps", ""},
    {"max_steps_per_epoch", "duration.steps", "It counts all steps of the run"},
    {"max_duration", "duration.epochs", "Or duration.steps; a plain number"},
    {"max_samples", "duration.steps", "A step takes batch.samples of them"},
    // Evaluation.
    {"eval_steps", "eval.every", kInterval},
    {"evals_per_epoch", "eval.every", kInterval},
    {"eval_interval", "eval.every", kInterval},
    {"run_val_every_n_steps", "eval.every", kInterval},
    {"eval_strategy", "eval.every", "0 evaluates before the first and after the last step only"},
    {"evaluation_strategy", "eval.every", "0 evaluates before the first and after the last step only"},
    {"eval_on_start", "", "remove it: the loss is always measured before the first step if there is data.eval"},
    {"do_train", "", "remove it: a run always trains"},
    {"do_eval", "", "remove it: the loss is measured if there is data.eval"},
    {"load_best_model_at_end", "", "the adapter is that of the last step; checkpoint.keep keeps earlier ones"},
    {"early_stopping_patience", "", "early stopping is not supported"},
    // Checkpoints and output.
    {"output_dir", "checkpoint.to", "Each run makes a directory of its own in it"},
    {"save_folder", "checkpoint.to", "Each run makes a directory of its own in it"},
    {"save_steps", "checkpoint.every", kInterval},
    {"saves_per_epoch", "checkpoint.every", kInterval},
    {"save_interval", "checkpoint.every", kInterval},
    {"save_every_n_steps", "checkpoint.every", kInterval},
    {"save_strategy", "checkpoint.every", "0 saves only at the end and when stopped"},
    {"save_total_limit", "checkpoint.keep", ""},
    {"save_num_checkpoints_to_keep", "checkpoint.keep", ""},
    {"run_name", "name", ""},
    {"wandb_name", "name", ""},
    {"save_only_model", "", "remove it: a checkpoint always can be resumed"},
    {"enable_async_checkpointing", "", "remove it: checkpoints are always written in the background"},
    {"resume_from_checkpoint", "", kResume},
    {"auto_resume_from_checkpoints", "", kResume},
    {"autoresume", "", kResume},
    {"load_path", "", kResume},
    {"overwrite_output_dir", "", "remove it: each run makes a directory of its own"},
    // Reports.
    {"logging_steps", "", kProgress},
    {"log_every_n_steps", "", kProgress},
    {"logging_strategy", "", kProgress},
    {"logging_first_step", "", kProgress},
    {"report_to", "", kProgress},
    {"metric_logger", "", kProgress},
    {"loggers", "", kProgress},
    {"wandb_project", "", kProgress},
    {"use_tensorboard", "", kProgress},
    {"plot_loss", "", kProgress},
    // The hub.
    {"push_to_hub", "publish.hub", "The repository's name, such as org/name"},
    {"hub_model_id", "publish.hub", ""},
    {"export_hub_model_id", "publish.hub", ""},
    {"hub_strategy", "publish.when", "end, checkpoint or best"},
    {"hub_private_repo", "publish.private", ""},
    {"hub_revision", "publish.revision", ""},
    {"hub_token", "", "secrets don't belong in a recipe, which is copied into every run; set HF_TOKEN"},
    // How it is computed and where.
    {"gradient_checkpointing", "memory", kRecompute},
    {"disable_gradient_checkpointing", "memory", kRecompute},
    {"enable_activation_checkpointing", "memory", kRecompute},
    {"activation_offloading", "memory", kRecompute},
    {"torch_compile", "", "remove it: nothing is compiled at run time"},
    {"compile", "", "remove it: nothing is compiled at run time"},
    {"device", "", kCluster},
    {"ranks", "", kCluster},
    {"slot_workers", "", kCluster},
    {"num_processes", "", kCluster},
    {"world_size", "", kCluster},
    {"max_restarts", "", kCluster},
    {"environment", "", kCluster},
    {"ddp_timeout", "", kTransport},
    {"ddp_backend", "", kTransport},
    {"ddp_bucket_cap_mb", "", kTransport},
    {"fsdp", "", "sharding weights over devices is not supported; every rank holds the model"},
    {"fsdp_config", "", "sharding weights over devices is not supported; every rank holds the model"},
    {"deepspeed", "", "sharding weights over devices is not supported; every rank holds the model"},
    {"tensor_parallel_size", "", "sharding weights over devices is not supported; every rank holds the model"},
    {"context_parallel_size", "", "sharding weights over devices is not supported; every rank holds the model"},
    {"stage", "", kNoPreference},
    {"rl", "", kNoPreference},
    // YAML and interpolation habits.
    {"<<", "", "merge keys are not read; repeat the keys"},
    {"variables", "", "there are no variables; ${env:NAME} in a value takes one from the environment"},
    {"_component_", "", "remove it: the section's own keys say what it is"},
};
// clang-format on

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y) || (x == '-' && y == '_');
  });
}

}  // namespace

std::span<const ForeignName> foreign_names() {
  return kNames;
}

const ForeignName* find_foreign_name(std::string_view name) {
  const auto found = std::find_if(std::begin(kNames), std::end(kNames),
                                  [&](const ForeignName& e) { return same_name(name, e.name); });
  return found == std::end(kNames) ? nullptr : &*found;
}

}  // namespace temper::recipe
