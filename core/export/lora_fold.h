#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/export/adapter_folder.h"

namespace temper::exporting {

/// A LoRA pair in memory.
struct FoldedModule {
  model::LoraTarget target;  ///< rank and scaling as after folding
  std::vector<float> a;      ///< [rank, in]
  std::vector<float> b;      ///< [out, rank]
};

/// The same function as an adapter, for programs that scale every pair by alpha / rank.
struct FoldedAdapter {
  double alpha = 0;
  std::vector<FoldedModule> modules;
};

/// Makes the scaling of every module alpha / (its own rank): what differs from it (rsLoRA,
/// alpha_pattern) is multiplied into B, in fp64 with one rounding. A plain adapter stays as it is,
/// bit for bit. UserError if modules were trained whole, which such programs refuse.
FoldedAdapter fold_scalings(const AdapterFolder& adapter);

/// Then makes all ranks the largest one, with zeros in A and B: for programs that know one rank.
/// Returns the ranks' only value; the function is the same.
std::int64_t pad_ranks(FoldedAdapter& adapter);

}  // namespace temper::exporting
