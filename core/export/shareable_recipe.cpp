#include "core/export/shareable_recipe.h"

#include <filesystem>
#include <string>

#include "core/export/model_card.h"

namespace temper::exporting {
namespace {

void shorten(std::string& path) {
  if (path.empty() || path.find("://") != std::string::npos || is_hub_id(path)) {
    return;
  }
  std::filesystem::path given = path;
  if (!given.has_filename()) {
    given = given.parent_path();
  }
  std::filesystem::path shown = given.filename();
  if (shown.string().find_first_of("*?[") != std::string::npos) {
    shown = given.parent_path().filename() / shown;
  }
  path = shown.string();
}

}  // namespace

recipe::Recipe shareable_recipe(recipe::Recipe recipe) {
  shorten(recipe.model.base);
  shorten(recipe.model.name);
  shorten(recipe.model.chat_template);
  shorten(recipe.checkpoint.to);
  for (auto* sources : {&recipe.data.train, &recipe.data.eval}) {
    for (recipe::DataSource& source : *sources) {
      shorten(source.path);
    }
  }
  return recipe;
}

}  // namespace temper::exporting
