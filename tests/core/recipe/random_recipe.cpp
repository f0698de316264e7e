#include "tests/core/recipe/random_recipe.h"

#include <array>
#include <cmath>
#include <string_view>

namespace temper::recipe::testing {
namespace {

std::int64_t between(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

/// In (0, 1), of any size down to 1e-300.
double small_number(std::mt19937_64& random) {
  const double mantissa = std::uniform_real_distribution<double>(0.1, 1)(random);
  return mantissa * std::pow(10.0, -static_cast<double>(between(random, 0, 299)));
}

bool coin(std::mt19937_64& random) {
  return between(random, 0, 1) == 1;
}

template <class Enum>
Enum any_of(std::mt19937_64& random) {
  const auto& names = Choices<Enum>::kNames;
  return names[static_cast<std::size_t>(
                   between(random, 0, static_cast<std::int64_t>(names.size()) - 1))]
      .first;
}

/// A text that is not empty.
std::string random_path(std::mt19937_64& random) {
  return random_text(random).append("p");
}

std::vector<DataSource> random_sources(std::mt19937_64& random, std::int64_t least) {
  std::vector<DataSource> sources;
  const std::int64_t count = between(random, least, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    sources.push_back({random_path(random), any_of<DataFormat>(random)});
  }
  return sources;
}

Adapter random_adapter(std::mt19937_64& random) {
  Adapter adapter;
  adapter.rank = between(random, 1, 16384);
  adapter.alpha = small_number(random) * 1e6;
  adapter.dropout = small_number(random);
  adapter.rslora = coin(random);
  if (coin(random)) {
    adapter.targets = std::vector<std::string>{"q_proj", random_path(random)};
  } else {
    adapter.targets = std::string(R"(.*\.(q|v)_proj$)");
  }
  const std::array<std::string, 4> patterns = {"q_proj", R"(layers\.\d+\..*)", "'a\"", "${x}: #"};
  for (const std::string& pattern : patterns) {
    if (coin(random)) {
      adapter.rank_pattern[pattern] = between(random, 1, 16384);
      adapter.alpha_pattern[pattern] = small_number(random);
    }
  }
  return adapter;
}

Schedule random_schedule(std::mt19937_64& random) {
  Schedule schedule;
  schedule.kind = any_of<ScheduleKind>(random);
  schedule.warmup = small_number(random) / 2;
  if (schedule.kind != ScheduleKind::kConstant) {
    schedule.min_lr_ratio = small_number(random);
  }
  if (schedule.kind == ScheduleKind::kWsd) {
    schedule.decay = small_number(random) / 2;
  }
  return schedule;
}

}  // namespace

std::string random_text(std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 31> kPieces = {
      "a",  "Z",    "0",    "1e5", ".",      "/",      "-",  "_",    " ",         "\n", "\t",
      "\"", "'",    "\\",   "#",   ": ",     "- ",     "${", "$",    "}",         "{",  "[",
      "]",  "\x01", "\x7f", "ä",   "\u2028", "\u0085", "😀",  "null", "%&*!|>@`,?"};
  std::string text;
  const std::int64_t count = between(random, 0, 12);
  for (std::int64_t i = 0; i < count; ++i) {
    text += kPieces[static_cast<std::size_t>(between(random, 0, kPieces.size() - 1))];
  }
  return text;
}

Recipe random_recipe(std::mt19937_64& random) {
  Recipe recipe;
  recipe.name = std::to_string(between(random, 0, 99)).append("-run");
  recipe.seed = between(random, 0, INT64_MAX);
  recipe.model = {random_path(random), random_text(random), random_text(random),
                  coin(random) ? DataType::kAuto : DataType::kFp32, Init::kPretrained};
  if (coin(random)) {
    recipe.adapter = random_adapter(random);
  } else {
    recipe.adapter.type = AdapterType::kNone;
    recipe.model.init = any_of<Init>(random);
  }
  recipe.data = {random_sources(random, 1), random_sources(random, 0), between(random, 2, 1 << 24),
                 any_of<Overlength>(random), any_of<TrainOn>(random)};
  recipe.batch.slots = between(random, 1, 1 << 16);
  recipe.batch.samples = between(random, recipe.batch.slots, 1 << 24);
  recipe.optimizer.lr = small_number(random);
  recipe.optimizer.betas = {small_number(random), small_number(random)};
  recipe.optimizer.eps = small_number(random);
  recipe.optimizer.weight_decay = small_number(random);
  recipe.optimizer.max_grad_norm = small_number(random) * 1e9;
  recipe.schedule = random_schedule(random);
  if (coin(random)) {
    recipe.duration.epochs = small_number(random) * 1000000;
  } else {
    recipe.duration.steps = between(random, 1, 1000000000);
  }
  if (!recipe.data.eval.empty()) {
    recipe.eval = {between(random, 0, 1000), between(random, 0, INT64_MAX)};
  }
  recipe.checkpoint = {random_path(random), between(random, 0, 1000), between(random, 1, 9)};
  if (coin(random)) {
    recipe.publish = {"org/a.b-c_d", PublishWhen::kEnd,   PublishForm::kAdapter,
                      coin(random),  random_path(random), coin(random)};
    if (recipe.adapter.type == AdapterType::kLora && !recipe.data.eval.empty()) {
      recipe.publish.when = any_of<PublishWhen>(random);
    }
    if (recipe.adapter.type == AdapterType::kLora && recipe.publish.when == PublishWhen::kEnd) {
      recipe.publish.form = any_of<PublishForm>(random);
    }
  }
  return recipe;
}

}  // namespace temper::recipe::testing
