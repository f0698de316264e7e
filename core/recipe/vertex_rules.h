#pragma once

#include "core/recipe/cluster.h"
#include "core/recipe/reading.h"

namespace temper::recipe {

/// The rules of a cluster file of kind vertex (google.cloud.aiplatform.v1 CustomJobSpec); nothing
/// for other kinds.
void check_vertex(const Cluster& cluster, Reading& reading);

}  // namespace temper::recipe
