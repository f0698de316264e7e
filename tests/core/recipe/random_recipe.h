#pragma once

#include <random>

#include "core/recipe/recipe.h"

namespace temper::recipe::testing {

/// A recipe that the rules accept, with hostile texts (quotes, escapes, `${`, Unicode, words that
/// look like numbers) and doubles of any size.
Recipe random_recipe(std::mt19937_64& random);

/// Text of up to 12 pieces, valid UTF-8.
std::string random_text(std::mt19937_64& random);

}  // namespace temper::recipe::testing
