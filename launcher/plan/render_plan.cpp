#include "launcher/plan/render_plan.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "launcher/plan/quantity.h"

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

std::string line(const char* what, const std::string& value) {
  return fmt::format("{:<12} {}\n", what, value);
}

std::string model_text(const PlannedModel& model) {
  const double share = 100.0 * static_cast<double>(model.trained_parameters) /
                       static_cast<double>(model.total_parameters);
  return line("model", fmt::format("{} ({}, {} stored)", model.path, model.architecture,
                                   bytes_text(model.stored_bytes))) +
         line("parameters",
              fmt::format("{} in total, {} trained ({:.2f} %)",
                          count_text(static_cast<std::uint64_t>(model.total_parameters)),
                          count_text(static_cast<std::uint64_t>(model.trained_parameters)), share));
}

std::string list_text(const char* what, std::uint64_t count,
                      const std::vector<std::string>& listed) {
  if (count == 0) {
    return "";
  }
  std::string text = line(what, fmt::format("{} samples", count_text(count)));
  for (const std::string& one : listed) {
    text += line("", one);
  }
  return text;
}

std::string tokens_text(const PlannedTokens& tokens) {
  const std::string how = tokens.estimated ? fmt::format("estimated from {} samples",
                                                         count_text(tokens.measured_samples))
                                           : "counted";
  std::string text = line(
      "tokens",
      fmt::format("{} a pass, {} trained, {} dropped, {} truncated ({}; longest sample {})",
                  count_text(tokens.total), count_text(tokens.trained), count_text(tokens.dropped),
                  count_text(tokens.truncated), how, count_text(tokens.longest)));
  text += list_text("too long", tokens.num_overlong, tokens.overlong);
  text += list_text("problems", tokens.num_problems, tokens.problems);
  return text;
}

std::string steps_text(const RunPlan& plan) {
  const PlannedSteps& steps = *plan.steps;
  const std::string epochs = steps.epochs ? fmt::format(", {:.4g} epochs", *steps.epochs) : "";
  return line("steps",
              fmt::format("{} of {} samples: {} positions{}", count_text(steps.total_steps),
                          count_text(static_cast<std::uint64_t>(plan.batch_samples)),
                          count_text(steps.positions), epochs));
}

const char* result_name(PlannedCheck::Result result) {
  switch (result) {
    case PlannedCheck::Result::kOk:
      return "ok";
    case PlannedCheck::Result::kWarning:
      return "warning";
    case PlannedCheck::Result::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string time_text(const PlannedTime& time) {
  constexpr double kHour = 3600;
  std::string text;
  if (time.training_seconds > 0) {
    text += line("time", fmt::format("{:.2f} h of training{}", time.training_seconds / kHour,
                                     time.jobs > 1 ? fmt::format(", in {} jobs", time.jobs) : ""));
  }
  if (time.cost > 0) {
    text += line("cost", fmt::format("{:.2f} {}", time.cost, time.currency));
  }
  return text;
}

std::string gpus_text(const PlannedGpus& gpus) {
  std::string text = line(
      "a GPU",
      fmt::format("{} of frozen weights, {} of what is trained, {} of its gradient, {} of "
                  "workspace, {} for communication, {} of CUDA's own; {} of activations a slot; {} "
                  "of the machine's memory for sums and moments (estimates)",
                  bytes_text(gpus.weight_bytes), bytes_text(gpus.trained_bytes),
                  bytes_text(gpus.gradient_bytes), bytes_text(gpus.workspace_bytes),
                  bytes_text(gpus.communication_bytes), bytes_text(gpus.context_bytes),
                  bytes_text(gpus.activation_bytes), bytes_text(gpus.host_bytes)));
  for (const PlannedGpus::Fit& fit : gpus.fits) {
    const std::string how =
        fit.slots == 0
            ? "does not fit"
            : fmt::format("{} slots fit at once, about {} tokens/s at 40 % of its peak", fit.slots,
                          count_text(static_cast<std::uint64_t>(fit.tokens_per_second)));
    text += line("", fmt::format("{}: {}", fit.name, how));
  }
  return text;
}

Json gpus_json(const PlannedGpus& gpus) {
  Json json = {{"weight_bytes", gpus.weight_bytes},
               {"trained_bytes", gpus.trained_bytes},
               {"gradient_bytes", gpus.gradient_bytes},
               {"activation_bytes_a_slot", gpus.activation_bytes},
               {"workspace_bytes", gpus.workspace_bytes},
               {"communication_bytes", gpus.communication_bytes},
               {"context_bytes", gpus.context_bytes},
               {"host_bytes", gpus.host_bytes},
               {"fits", Json::array()}};
  for (const PlannedGpus::Fit& fit : gpus.fits) {
    json["fits"].push_back({{"gpu", fit.name},
                            {"slots", fit.slots},
                            {"tokens_per_second_estimate", std::round(fit.tokens_per_second)}});
  }
  return json;
}

Json time_json(const PlannedTime& time) {
  return {{"training_seconds", time.training_seconds},
          {"jobs", time.jobs},
          {"cost", time.cost},
          {"currency", time.currency},
          {"checkpoint_seconds", time.checkpoint_seconds}};
}

Json model_json(const PlannedModel& model) {
  return {{"path", model.path},
          {"architecture", model.architecture},
          {"total_parameters", model.total_parameters},
          {"trained_parameters", model.trained_parameters},
          {"stored_bytes", model.stored_bytes},
          {"memory_bytes_a_rank_estimate", model.memory_bytes},
          {"checkpoint_bytes", model.checkpoint_bytes}};
}

Json tokens_json(const PlannedTokens& tokens) {
  return {{"estimated", tokens.estimated}, {"measured_samples", tokens.measured_samples},
          {"total", tokens.total},         {"trained", tokens.trained},
          {"dropped", tokens.dropped},     {"truncated", tokens.truncated},
          {"longest", tokens.longest},     {"num_overlong", tokens.num_overlong},
          {"overlong", tokens.overlong},   {"num_problems", tokens.num_problems},
          {"problems", tokens.problems}};
}

Json plan_json(const RunPlan& plan) {
  Json json = {{"version", 1}, {"name", plan.name}};
  if (plan.model) {
    json["model"] = model_json(*plan.model);
  }
  if (plan.data) {
    json["data"] = {{"samples", plan.data->num_samples},
                    {"shards", plan.data->num_shards},
                    {"eval_samples", plan.data->num_eval_samples}};
  }
  if (plan.tokens) {
    json["tokens"] = tokens_json(*plan.tokens);
  }
  if (plan.steps) {
    json["steps"] = {{"total", plan.steps->total_steps}, {"positions", plan.steps->positions}};
    if (plan.steps->epochs) {
      json["steps"]["epochs"] = *plan.steps->epochs;
    }
  }
  json["batch"] = {{"samples", plan.batch_samples}, {"slots", plan.slots}};
  json["ranks"] = plan.ranks;
  json["slot_workers"] = plan.slot_workers;
  json["backend"] = plan.backend;
  json["commands"] = plan.commands;
  if (!plan.files.empty()) {
    json["files"] = Json::object();
    for (const PlannedFile& file : plan.files) {
      json["files"][file.name] = file.content;
    }
  }
  if (plan.gpus) {
    json["gpu_estimate"] = gpus_json(*plan.gpus);
  }
  if (plan.time) {
    json["time"] = time_json(*plan.time);
  }
  for (const PlannedCheck& check : plan.checks) {
    json["checks"].push_back(
        {{"what", check.what}, {"result", result_name(check.result)}, {"detail", check.detail}});
  }
  if (plan.first_sample) {
    json["first_sample"] = *plan.first_sample;
  }
  json["notes"] = plan.notes;
  return json;
}

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const Json& member : value) {
      emit(out, member);
    }
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string render_text(const RunPlan& plan) {
  std::string text = line("run", plan.name);
  if (plan.model) {
    text += model_text(*plan.model);
  }
  if (plan.data) {
    text += line(
        "samples",
        fmt::format("{} in {} shards, {} for evaluation", count_text(plan.data->num_samples),
                    count_text(plan.data->num_shards), count_text(plan.data->num_eval_samples)));
  }
  if (plan.tokens) {
    text += tokens_text(*plan.tokens);
  }
  if (plan.steps) {
    text += steps_text(plan);
  }
  text += line("batch", fmt::format("{} samples a step in {} slots, on {} ranks x {} slot workers",
                                    plan.batch_samples, plan.slots, plan.ranks, plan.slot_workers));
  if (plan.model) {
    text +=
        line("memory", fmt::format("{} a rank (estimate)", bytes_text(plan.model->memory_bytes)));
    text += line("checkpoint", bytes_text(plan.model->checkpoint_bytes));
  }
  if (plan.gpus) {
    text += gpus_text(*plan.gpus);
  }
  if (plan.time) {
    text += time_text(*plan.time);
  }
  for (const PlannedCheck& check : plan.checks) {
    text += line("check", fmt::format("{}: {}{}{}", result_name(check.result), check.what,
                                      check.detail.empty() ? "" : ": ", check.detail));
  }
  for (const std::string& command : plan.commands) {
    text += line(plan.backend.c_str(), command);
  }
  for (const std::string& note : plan.notes) {
    text += line("note", note);
  }
  for (const PlannedFile& file : plan.files) {
    text += fmt::format("\n{}:\n{}", file.name, file.content);
  }
  if (plan.first_sample) {
    text += fmt::format("\nthe first sample, its trained part between ⟦ and ⟧:\n{}\n",
                        *plan.first_sample);
  }
  return text;
}

std::string render_json(const RunPlan& plan) {
  return plan_json(plan).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string render_yaml(const RunPlan& plan) {
  YAML::Emitter out;
  emit(out, plan_json(plan));
  return std::string(out.c_str()) + "\n";
}

}  // namespace temper::launch
