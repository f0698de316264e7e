#include "core/export/card_facts.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/export/shareable_recipe.h"
#include "core/recipe/recipe_io.h"
#include "core/run/progress_record.h"

namespace temper::exporting {

namespace {

constexpr std::string_view kHubDatasets = "hf://datasets/";

// "hf://datasets/org/name@revision/file.jsonl": "org/name".
void add_dataset(std::vector<std::string>& datasets, const std::string& path) {
  if (!path.starts_with(kHubDatasets)) {
    return;
  }
  std::string name = path.substr(kHubDatasets.size());
  const std::size_t slash = name.find('/');
  const std::size_t second = slash == std::string::npos ? slash : name.find('/', slash + 1);
  name = name.substr(0, std::min(second, name.find('@')));
  if (is_hub_id(name) && std::find(datasets.begin(), datasets.end(), name) == datasets.end()) {
    datasets.push_back(name);
  }
}

}  // namespace

CardFacts facts_of_run(const recipe::Recipe& given, const run::RunLayout& layout,
                       std::int64_t last_step) {
  const recipe::Recipe recipe = shareable_recipe(given);
  CardFacts facts;
  facts.title = recipe.name;
  facts.base_name = recipe.model.name;
  facts.base_path = recipe.model.base;
  facts.from_scratch = recipe.model.init == recipe::Init::kRandom;
  for (const recipe::DataSource& source : recipe.data.train) {
    facts.data.push_back(source.path);
    add_dataset(facts.datasets, source.path);
  }
  facts.recipe_yaml = recipe::dump(recipe);
  facts.versions = {"Temper " TEMPER_VERSION};
  std::map<std::int64_t, run::ProgressRecord> by_step;
  for (run::ProgressRecord& record : run::read_progress(layout.progress())) {
    if (record.step > last_step) {
      continue;
    }
    const auto known = by_step.find(record.step);
    if (known != by_step.end() && !record.loss) {
      known->second.eval_loss = record.eval_loss;  // an evaluation after a resume, without the step
    } else {
      by_step[record.step] = std::move(record);
    }
  }
  LossRow held_out{"held-out", std::nullopt, std::nullopt};
  LossRow training{"training", std::nullopt, std::nullopt};
  for (const auto& [step, record] : by_step) {
    facts.trained_tokens += static_cast<std::uint64_t>(record.trained_tokens);
    facts.curve.push_back({step, record.loss, record.eval_loss});
    facts.steps = std::max(facts.steps, step);
    facts.samples = std::max(facts.samples, record.position);
    if (record.eval_loss) {
      (step == 0 ? held_out.before : held_out.after) = record.eval_loss;
    }
    if (record.loss) {
      (training.before ? training.after : training.before) = record.loss;
    }
  }
  facts.results = {training};
  if (held_out.before || held_out.after) {
    facts.results.insert(facts.results.begin(), held_out);
  }
  return facts;
}

}  // namespace temper::exporting
