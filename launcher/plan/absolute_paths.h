#pragma once

#include <filesystem>

#include "core/recipe/recipe.h"

namespace temper::launch {

/// The recipe with every local path made absolute against `base`, so that a run can be resumed from
/// any folder. URLs ("hf://…") stay. An empty model.name becomes model.base as it was given: the
/// adapter's name for its base model must not depend on where the files lie.
recipe::Recipe with_absolute_paths(recipe::Recipe recipe, const std::filesystem::path& base);

}  // namespace temper::launch
