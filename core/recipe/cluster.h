#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/recipe/choices.h"

namespace temper::recipe {

/// Cluster file: *where* to run. Its fields are declared once, as a recipe's (recipe.h).
struct Cluster {
  std::int64_t version = 1;
  ClusterKind kind = ClusterKind::kLocal;
  std::int64_t ranks = 1;
  std::int64_t slot_workers = 0;  ///< a rank; 0: cores / ranks, at least 1
  std::int64_t max_restarts = 3;
  double backoff_seconds = 1.0;  ///< before the first restart; doubles, at most 60
  std::map<std::string, std::string> environment;

  template <class Visitor>
  void visit(Visitor& field) {
    field("version", version, "Version of the cluster format; this is version 1");
    field("kind", kind, "What starts the ranks. `local`: this machine");
    field("ranks", ranks, "Trainer processes. The result does not depend on it")
        .at_least(1)
        .at_most(4096);
    field("slot_workers", slot_workers,
          "Threads of one rank that each compute a slot. 0: cores / ranks, at least 1. The result "
          "does not depend on it")
        .at_least(0)
        .at_most(4096);
    field("max_restarts", max_restarts,
          "How often a run that lost a rank or its storage is started again from its last "
          "checkpoint. 0: never")
        .at_least(0);
    field("backoff_seconds", backoff_seconds,
          "Wait before the first restart; doubles with each, up to 60 s")
        .at_least(0)
        .at_most(60);
    field("environment", environment, "Environment variables added for the ranks");
  }
  bool operator==(const Cluster&) const = default;
};

}  // namespace temper::recipe
