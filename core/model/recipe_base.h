#pragma once

#include <filesystem>
#include <memory>

#include "core/model/base_model.h"
#include "core/recipe/recipe.h"

namespace temper::model {

/// The base model at `path`, as the recipe wants it: for random weights only its config is opened.
/// UserError as BaseModel::open, and if a sample may have more tokens than the model's context.
std::unique_ptr<BaseModel> open_recipe_base(const recipe::Recipe& recipe,
                                            const std::filesystem::path& path);

}  // namespace temper::model
