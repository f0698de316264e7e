#include "launcher/plan/absolute_paths.h"

#include <string>

namespace temper::launch {
namespace {

void make_absolute(std::string& path, const std::filesystem::path& base) {
  if (!path.empty() && path.find("://") == std::string::npos) {
    path = (base / path).lexically_normal().string();
  }
}

}  // namespace

recipe::Recipe with_absolute_paths(recipe::Recipe recipe, const std::filesystem::path& base) {
  if (recipe.model.name.empty()) {
    recipe.model.name = recipe.model.base;
  }
  make_absolute(recipe.model.base, base);
  make_absolute(recipe.model.chat_template, base);
  make_absolute(recipe.checkpoint.to, base);
  for (auto* sources : {&recipe.data.train, &recipe.data.eval}) {
    for (recipe::DataSource& source : *sources) {
      make_absolute(source.path, base);
    }
  }
  return recipe;
}

}  // namespace temper::launch
