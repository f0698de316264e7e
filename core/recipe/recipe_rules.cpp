#include "core/recipe/recipe_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "core/recipe/name_pattern.h"
#include "core/recipe/yaml_scalar.h"

namespace temper::recipe {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void version_is_known(std::int64_t version, Reading& reading) {
  if (reading.sound({"version"}) && version != 1) {
    reading.fail_rule({"version"},
                      fmt::format("is {}, but this temper reads version 1; write 1, or "
                                  "run the temper that the file was written for",
                                  version));
  }
}

void name_is_a_safe_file_name(const Recipe& recipe, Reading& reading) {
  constexpr std::size_t kLongest = 100;
  const std::string& name = recipe.name;
  const bool safe = !name.empty() && name.size() <= kLongest &&
                    (is_letter(name[0]) || is_digit(name[0])) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
                    });
  // A missing name is reported as missing.
  if (reading.has("name") && reading.sound({"name"}) && !safe) {
    reading.fail_rule({"name"}, fmt::format("names a directory, is {}; write at most {} letters, "
                                            "digits, '.', '_', '-', the first a letter or digit",
                                            quote_for_message(name), kLongest));
  }
}

void random_weights_are_trained_whole(const Recipe& recipe, Reading& reading) {
  if (reading.sound({"model.init", "adapter.type"}) && recipe.model.init == Init::kRandom &&
      recipe.adapter.type != AdapterType::kNone) {
    reading.fail_rule({"model.init", "adapter.type"},
                      "random weights stay random under an adapter, adapter.type is lora; write "
                      "adapter: {type: none}, or init: pretrained");
  }
}

void adapter_keys_need_an_adapter(const Recipe& recipe, Reading& reading) {
  const Adapter& adapter = recipe.adapter;
  if (!reading.sound({"adapter.type"}) || adapter.type != AdapterType::kNone) {
    return;
  }
  // Defaults pass: a resolved recipe spells them out.
  const Adapter defaults;
  const auto require_default = [&](std::string_view key, bool is_default) {
    if (!is_default && reading.sound({key})) {
      reading.fail_rule({key},
                        "has no effect with adapter.type none, which trains all weights; "
                        "remove it, or write type: lora");
    }
  };
  require_default("adapter.rank", adapter.rank == defaults.rank);
  require_default("adapter.alpha", adapter.alpha == defaults.alpha);
  require_default("adapter.dropout", adapter.dropout == defaults.dropout);
  require_default("adapter.targets", adapter.targets == defaults.targets);
  require_default("adapter.rslora", adapter.rslora == defaults.rslora);
  require_default("adapter.rank_pattern", adapter.rank_pattern.empty());
  require_default("adapter.alpha_pattern", adapter.alpha_pattern.empty());
  require_default("adapter.modules_to_save", adapter.modules_to_save.empty());
}

void pattern_compiles(const std::string& key, const std::string& pattern, Reading& reading) {
  const std::string problem = find_pattern_problem(pattern);
  if (!problem.empty() && reading.sound({key})) {
    reading.fail_rule({key}, fmt::format("regex {}: {}; correct it, and mind that YAML takes \\ as "
                                         "it is only in plain text and 'single quotes'",
                                         quote_for_message(pattern), problem));
  }
}

void patterns_compile(const Recipe& recipe, Reading& reading) {
  if (const auto* regex = std::get_if<std::string>(&recipe.adapter.targets)) {
    pattern_compiles("adapter.targets", *regex, reading);
  }
  for (const auto& [pattern, rank] : recipe.adapter.rank_pattern) {
    pattern_compiles("adapter.rank_pattern." + pattern, pattern, reading);
  }
  for (const auto& [pattern, alpha] : recipe.adapter.alpha_pattern) {
    pattern_compiles("adapter.alpha_pattern." + pattern, pattern, reading);
  }
}

void target_endings_are_names(const Recipe& recipe, Reading& reading) {
  const auto* endings = std::get_if<std::vector<std::string>>(&recipe.adapter.targets);
  if (endings == nullptr || !reading.sound({"adapter.targets"})) {
    return;
  }
  for (std::size_t i = 0; i < endings->size(); ++i) {
    const std::string& ending = (*endings)[i];
    const std::string key = fmt::format("adapter.targets.{}", i);
    if (ending.empty() || ending == "all-linear") {
      reading.fail_rule({key}, fmt::format("is {}, not a module's name; a list holds name endings "
                                           "such as q_proj, all-linear stands alone",
                                           quote_for_message(ending)));
    }
  }
}

void slots_have_samples(const Recipe& recipe, Reading& reading) {
  const Batch& batch = recipe.batch;
  if (reading.sound({"batch"}) && batch.slots > batch.samples) {
    reading.fail_rule({"batch.slots", "batch.samples"},
                      fmt::format("must be at most batch.samples, {} > {}; a slot without a sample "
                                  "would idle, so lower slots or raise samples",
                                  batch.slots, batch.samples));
  }
}

void betas_are_two(const Recipe& recipe, Reading& reading) {
  const std::size_t count = recipe.optimizer.betas.size();
  if (reading.sound({"optimizer.betas"}) && count != 2) {
    reading.fail_rule({"optimizer.betas"},
                      fmt::format("must be two numbers, has {}; write e.g. [0.9, 0.999]", count));
  }
}

void warmup_fits_the_run(const Recipe& recipe, Reading& reading) {
  const double warmup = recipe.schedule.warmup;
  if (!reading.sound({"schedule.warmup", "duration"}) || warmup < 1) {
    return;
  }
  if (warmup != std::floor(warmup)) {
    reading.fail_rule({"schedule.warmup"},
                      fmt::format("from 1 on it counts steps, is {}; write a whole number, or a "
                                  "share of all steps below 1",
                                  print_number(warmup)));
  } else if (recipe.duration.steps && warmup > static_cast<double>(*recipe.duration.steps)) {
    reading.fail_rule({"schedule.warmup", "duration.steps"},
                      fmt::format("takes {:.0f} steps, duration.steps is {}; lower it, or write a "
                                  "share of all steps below 1",
                                  warmup, *recipe.duration.steps));
  }
}

void decay_is_of_wsd(const Recipe& recipe, Reading& reading) {
  const Schedule& schedule = recipe.schedule;
  if (reading.sound({"schedule.kind", "schedule.decay"}) && schedule.kind != ScheduleKind::kWsd &&
      schedule.decay != Schedule{}.decay) {
    reading.fail_rule({"schedule.decay"},
                      fmt::format("has no effect with schedule.kind {}; remove it, or write kind: "
                                  "wsd",
                                  name_of(schedule.kind)));
  }
}

void warmup_and_decay_fit_the_run(const Recipe& recipe, Reading& reading) {
  const Schedule& schedule = recipe.schedule;
  if (!reading.sound({"schedule", "duration"}) || schedule.kind != ScheduleKind::kWsd) {
    return;
  }
  const bool warmup_is_share = schedule.warmup < 1;
  if (!warmup_is_share && !recipe.duration.steps) {
    return;  // the number of steps is known when the data is
  }
  const double warmup_share = warmup_is_share
                                  ? schedule.warmup
                                  : schedule.warmup / static_cast<double>(*recipe.duration.steps);
  if (warmup_share <= 1 && warmup_share + schedule.decay > 1) {
    reading.fail_rule({"schedule.decay", "schedule.warmup"},
                      fmt::format("takes {:.3g} of the run and the warm-up {:.3g}, together more "
                                  "than all of it; lower one of them",
                                  schedule.decay, warmup_share));
  }
}

void constant_rate_has_no_minimum(const Recipe& recipe, Reading& reading) {
  const Schedule& schedule = recipe.schedule;
  if (reading.sound({"schedule.kind", "schedule.min_lr_ratio"}) &&
      schedule.kind == ScheduleKind::kConstant && schedule.min_lr_ratio != 0) {
    reading.fail_rule(
        {"schedule.min_lr_ratio"},
        "has no effect with schedule.kind constant; remove it, or write another kind");
  }
}

void duration_is_said_once(const Recipe& recipe, Reading& reading) {
  const Duration& duration = recipe.duration;
  if (!reading.sound({"duration"}) || duration.epochs.has_value() != duration.steps.has_value()) {
    return;
  }
  reading.fail_rule({"duration"},
                    duration.epochs
                        ? "has both epochs and steps; remove one of them"
                        : "is missing; write e.g. duration: {epochs: 3} or duration: {steps: 500}");
}

void evaluation_has_data(const Recipe& recipe, Reading& reading) {
  if (!recipe.data.eval.empty() || !reading.sound({"data.eval"})) {
    return;
  }
  for (const auto& [key, value] : {std::pair("eval.every", recipe.eval.every),
                                   std::pair("eval.samples", recipe.eval.samples)}) {
    if (reading.sound({key}) && value != 0) {
      reading.fail_rule({key}, fmt::format("is {}, but data.eval is empty; name held-out data "
                                           "there, or remove this key",
                                           value));
    }
  }
}

void publishing_names_a_repository(const Publish& publish, Reading& reading) {
  const auto is_plain = [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
  };
  const std::size_t slash = publish.hub.find('/');
  const bool is_name = slash != std::string::npos && slash > 0 && slash + 1 < publish.hub.size() &&
                       std::all_of(publish.hub.begin(), publish.hub.begin() + slash, is_plain) &&
                       std::all_of(publish.hub.begin() + slash + 1, publish.hub.end(), is_plain);
  if (!publish.hub.empty() && !is_name && reading.sound({"publish.hub"})) {
    reading.fail_rule({"publish.hub"},
                      fmt::format("is {}; write owner/name, of letters, digits, '.', '_', '-', "
                                  "without hf:// and without a revision",
                                  quote_for_message(publish.hub)));
  }
}

void publishing_has_its_parts(const Recipe& recipe, Reading& reading) {
  const Publish& publish = recipe.publish;
  Publish elsewhere;
  elsewhere.hub = publish.hub;
  elsewhere.form = publish.form;  // `temper push --hub` pushes it later
  if (publish.hub.empty() && publish != elsewhere && reading.sound({"publish"})) {
    reading.fail_rule({"publish"},
                      "has no effect without publish.hub; name the repository there, or remove it");
    return;
  }
  if (publish.when == PublishWhen::kEnd || publish.hub.empty() ||
      !reading.sound({"publish.when"})) {
    return;
  }
  if (recipe.adapter.type == AdapterType::kNone && reading.sound({"adapter.type"})) {
    reading.fail_rule({"publish.when", "adapter.type"},
                      fmt::format("is {}, which is for adapters, adapter.type is none; write when: "
                                  "end",
                                  name_of(publish.when)));
  } else if (publish.when == PublishWhen::kBest && recipe.data.eval.empty() &&
             reading.sound({"data.eval"})) {
    reading.fail_rule({"publish.when", "data.eval"},
                      "is best, but data.eval is empty, so no checkpoint is better than another; "
                      "name held-out data there, or write when: end");
  }
}

void only_adapters_are_merged(const Recipe& recipe, Reading& reading) {
  const Publish& publish = recipe.publish;
  if (publish.form == PublishForm::kAdapter || !reading.sound({"publish.form"})) {
    return;
  }
  if (recipe.adapter.type == AdapterType::kNone && reading.sound({"adapter.type"})) {
    reading.fail_rule({"publish.form", "adapter.type"},
                      "is merged, but adapter.type is none, whose result is a whole model already; "
                      "remove it");
  } else if (publish.when != PublishWhen::kEnd && reading.sound({"publish.when"})) {
    reading.fail_rule(
        {"publish.form", "publish.when"},
        fmt::format("is merged, which is for finished runs, publish.when is {}; write "
                    "when: end or form: adapter",
                    name_of(publish.when)));
  }
}

void eval_sources_have_no_weights(const Recipe& recipe, Reading& reading) {
  for (std::size_t i = 0; i < recipe.data.eval.size(); ++i) {
    const std::string key = fmt::format("data.eval.{}.weight", i);
    if (recipe.data.eval[i].weight && reading.sound({key})) {
      reading.fail_rule({key},
                        "has no effect: every sample of data.eval is measured once; remove it");
    }
  }
}

}  // namespace

void check_rules(const Recipe& recipe, Reading& reading) {
  version_is_known(recipe.version, reading);
  name_is_a_safe_file_name(recipe, reading);
  random_weights_are_trained_whole(recipe, reading);
  adapter_keys_need_an_adapter(recipe, reading);
  patterns_compile(recipe, reading);
  target_endings_are_names(recipe, reading);
  slots_have_samples(recipe, reading);
  betas_are_two(recipe, reading);
  warmup_fits_the_run(recipe, reading);
  decay_is_of_wsd(recipe, reading);
  warmup_and_decay_fit_the_run(recipe, reading);
  constant_rate_has_no_minimum(recipe, reading);
  duration_is_said_once(recipe, reading);
  evaluation_has_data(recipe, reading);
  eval_sources_have_no_weights(recipe, reading);
  publishing_names_a_repository(recipe.publish, reading);
  publishing_has_its_parts(recipe, reading);
  only_adapters_are_merged(recipe, reading);
}

}  // namespace temper::recipe
