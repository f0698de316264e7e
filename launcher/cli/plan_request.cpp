#include "launcher/cli/plan_request.h"

#include "launcher/cli/recipe_options.h"

namespace temper::launch {

PlanRequest plan_request(const Context& context, const recipe::Recipe& recipe,
                         const recipe::Cluster& cluster) {
  PlanRequest request;
  request.recipe = recipe;
  request.cluster = cluster;
  request.stores = store_options(context);
  request.cache_dir = context.environment.cache_directory();
  request.cache_bytes = context.environment.cache_bytes();
  return request;
}

}  // namespace temper::launch
