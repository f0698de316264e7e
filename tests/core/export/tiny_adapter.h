#pragma once

#include <vector>

#include "core/export/adapter_export.h"

namespace temper::exporting {

/// Settings that adapt tests/golden/tiny-model in one of the ways that users do.
recipe::Adapter all_linear_settings();

/// A "trained" adapter of tests/golden/tiny-model: random A and B by a fixed seed. Owns the values.
struct TinyAdapter {
  explicit TinyAdapter(const recipe::Adapter& settings);
  TinyAdapter(const TinyAdapter&) = delete;
  TinyAdapter& operator=(const TinyAdapter&) = delete;

  std::vector<std::vector<float>> storage;  ///< A and B of each module
  AdapterExport adapter;
};

}  // namespace temper::exporting
