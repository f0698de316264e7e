#pragma once

#include <filesystem>
#include <string>

#include "core/base/clock.h"
#include "core/recipe/recipe.h"
#include "core/storage/open_store.h"

namespace temper::launch {

/// The recipe with its places on the Hub pinned: every hf:// of model.base, data.train and
/// data.eval names the commit that its revision is now, so that a resumed run reads what it began
/// with. A model.base like "org/name" that is no folder below `base` becomes hf://org/name. An
/// empty model.name becomes "org/name" for a model of the Hub. Asks the Hub only for what is not
/// pinned yet. UserError for a malformed place, HubError.
recipe::Recipe with_pinned_hub_places(recipe::Recipe recipe, const std::filesystem::path& base,
                                      const storage::OpenOptions& options, Clock& clock);

/// `location` itself, or, if it is on the Hub (hf://org/name/recipe.yaml), the file that was
/// fetched.
std::filesystem::path local_recipe(const std::string& location, const storage::OpenOptions& options,
                                   Clock& clock);

/// For the start of a run: throws, as hub::check_push_target does, if the recipe publishes to a
/// repository that will refuse it. A Hub that is down or not asked (HF_HUB_OFFLINE) is no reason
/// not to train: the options' logger is told.
void check_publishing(const recipe::Recipe& recipe, const storage::OpenOptions& options,
                      Clock& clock);

}  // namespace temper::launch
