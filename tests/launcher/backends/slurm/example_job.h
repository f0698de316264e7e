#pragma once

#include "launcher/backends/backend.h"

namespace temper::launch {

/// A job of two nodes with two ranks each.
inline JobSpec example_slurm_job() {
  JobSpec spec;
  spec.run_id = "tiny-0a1b2c3d";
  spec.cluster.kind = recipe::ClusterKind::kSlurm;
  spec.cluster.nodes = 2;
  spec.cluster.ranks = 4;
  spec.cluster.slot_workers = 4;
  spec.cluster.resources.cpus = 8;
  spec.launch.trainer = "/shared/bin/temper-trainer";
  spec.launch.run_dir = "/shared/runs/tiny-0a1b2c3d";
  spec.launch.ranks = 4;
  spec.launch.slot_workers = 4;
  spec.program = "/shared/bin/temper";
  spec.place = "/shared/runs/tiny-0a1b2c3d";
  return spec;
}

}  // namespace temper::launch
