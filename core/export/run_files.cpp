#include "core/export/run_files.h"

#include <nlohmann/json.hpp>

namespace temper::exporting {
namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

}  // namespace

std::string metrics_json(const CardFacts& facts) {
  ordered_json results = ordered_json::array();
  for (const LossRow& row : facts.results) {
    results.push_back({{"data", row.data},
                       {"loss_before", or_null(row.before)},
                       {"loss_after", or_null(row.after)}});
  }
  ordered_json curve = ordered_json::array();
  for (const LossPoint& point : facts.curve) {
    curve.push_back({{"step", point.step},
                     {"loss", or_null(point.training)},
                     {"eval_loss", or_null(point.held_out)}});
  }
  const ordered_json metrics = {{"version", 1},
                                {"steps", facts.steps},
                                {"samples", facts.samples},
                                {"trained_tokens", facts.trained_tokens},
                                {"results", results},
                                {"curve", curve}};
  return metrics.dump(1) + "\n";
}

void write_run_files(StagedFolder& staged, const CardFacts& facts) {
  if (facts.recipe_yaml.empty()) {
    return;
  }
  staged.write("recipe.yaml", facts.recipe_yaml);
  staged.write("metrics.json", metrics_json(facts));
}

}  // namespace temper::exporting
