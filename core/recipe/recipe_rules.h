#pragma once

#include "core/recipe/reading.h"
#include "core/recipe/recipe.h"

namespace temper::recipe {

/// Reports in `reading` where values are fine one by one but don't go together, or have to have a
/// form that bounds can't say. Fields that have a finding already are left alone.
void check_rules(const Recipe& recipe, Reading& reading);
void check_rules(const Cluster& cluster, Reading& reading);

}  // namespace temper::recipe
