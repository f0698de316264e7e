#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/recipe/recipe_io.h"

/// Any bytes are a recipe that dumps and reads back equal, or a UserError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const temper::Environment environment{std::map<std::string, std::string>()};
  try {
    const auto recipe = temper::recipe::parse_recipe(text, "fuzz", {}, &environment);
    const std::string dumped = temper::recipe::dump(recipe);
    if (!(temper::recipe::parse_recipe(dumped, "dump", {}, &environment) == recipe)) {
      std::abort();
    }
  } catch (const temper::UserError& error) {
    if (!std::string(error.what()).starts_with("fuzz:")) {
      std::abort();
    }
  }
  return 0;
}
