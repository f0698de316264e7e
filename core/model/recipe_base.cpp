#include "core/model/recipe_base.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::model {

std::unique_ptr<BaseModel> open_recipe_base(const recipe::Recipe& recipe,
                                            const std::filesystem::path& path) {
  auto base = recipe.model.init == recipe::Init::kRandom ? BaseModel::open_config_only(path)
                                                         : BaseModel::open(path);
  if (recipe.data.max_length > base->config().context_length) {
    throw UserError(
        fmt::format("data.max_length: {} is more than the model's context of {}; lower it",
                    recipe.data.max_length, base->config().context_length));
  }
  return base;
}

}  // namespace temper::model
