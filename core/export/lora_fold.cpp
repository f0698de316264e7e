// Padding a pair from rank r to R with zeros leaves B·A as it is, but not alpha / rank: B takes the
// difference. The common alpha is chosen so that most adapters need no multiplication at all.

#include "core/export/lora_fold.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/base/error.h"

namespace temper::exporting {
namespace {

// Makes the module's scaling alpha / rank.
void set_scaling(FoldedModule& module, double alpha) {
  const double wanted = alpha / static_cast<double>(module.target.rank);
  if (module.target.scaling == wanted) {
    return;
  }
  const double factor = module.target.scaling / wanted;
  for (float& value : module.b) {
    value = static_cast<float>(value * factor);
  }
  module.target.scaling = wanted;
}

void pad_module(FoldedModule& module, std::int64_t rank) {
  const auto in = static_cast<std::size_t>(module.target.in_features);
  const auto out = static_cast<std::size_t>(module.target.out_features);
  const auto old_rank = static_cast<std::size_t>(module.target.rank);
  const auto new_rank = static_cast<std::size_t>(rank);
  module.a.resize(new_rank * in, 0.0F);
  std::vector<float> b(out * new_rank, 0.0F);
  for (std::size_t row = 0; row < out; ++row) {
    std::copy_n(module.b.begin() + static_cast<std::ptrdiff_t>(row * old_rank), old_rank,
                b.begin() + static_cast<std::ptrdiff_t>(row * new_rank));
  }
  module.b = std::move(b);
  module.target.rank = rank;
}

bool is_whole(double value) {
  return std::trunc(value) == value && std::abs(value) < 1e9;
}

}  // namespace

FoldedAdapter fold_scalings(const AdapterFolder& adapter) {
  if (!adapter.whole().empty()) {
    throw UserError(
        "the adapter has modules that were trained whole (modules_to_save), which vLLM and "
        "llama.cpp refuse in an adapter; export it with --to merged");
  }
  FoldedAdapter folded;
  folded.alpha = adapter.config().settings.alpha;
  for (const AdapterFolder::Module& module : adapter.modules()) {
    folded.modules.push_back({module.target, read_float32(module.a), read_float32(module.b)});
    set_scaling(folded.modules.back(), folded.alpha);
  }
  return folded;
}

std::int64_t pad_ranks(FoldedAdapter& adapter) {
  std::int64_t rank = 0;
  for (const FoldedModule& module : adapter.modules) {
    rank = std::max(rank, module.target.rank);
  }
  // Alpha that keeps the first module's scaling at the new rank, if it is a whole number.
  const FoldedModule& first = adapter.modules.front();
  const double kept = first.target.scaling * static_cast<double>(rank);
  if (is_whole(kept)) {
    adapter.alpha = kept;
  }
  for (FoldedModule& module : adapter.modules) {
    pad_module(module, rank);
    set_scaling(module, adapter.alpha);
  }
  return rank;
}

}  // namespace temper::exporting
