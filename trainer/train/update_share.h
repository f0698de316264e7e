#pragma once

#include <cstddef>
#include <vector>

#include "trainer/model/parameter_layout.h"

namespace temper::train {

/// Which trained tensors this rank updates, and which part of the summed gradient every rank
/// finishes. Either every rank updates everything (an adapter is small), or each only a run of
/// consecutive tensors, whose moments it alone keeps (ZeRO stage 1, Rajbhandari et al. 2020): a
/// rank finishes the sum of just what it updates, and the new parameters are gathered in place of
/// the summed gradient. An element is updated the same way either way, so the bits are the same.
class UpdateShare {
 public:
  /// Every rank updates all. The sum is finished in even parts.
  static UpdateShare whole(const model::ParameterLayout& layout, int rank, int num_ranks);
  /// Each rank updates its run (core/model/update_shares.h).
  static UpdateShare split(const model::ParameterLayout& layout, int rank, int num_ranks);

  bool is_split() const { return is_split_; }
  /// This rank updates tensors [begin_tensor(), end_tensor()) of the layout.
  std::size_t begin_tensor() const { return begin_tensor_; }
  std::size_t end_tensor() const { return end_tensor_; }
  /// The flat buffer's part with these tensors, in floats: [begin(), end()).
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }
  std::size_t size() const { return end_ - begin_; }

  /// The rank that alone keeps a tensor's moments; checkpoint::kEveryRank if all do.
  int holder_of(std::size_t tensor) const;
  /// Rank r finishes floats [offsets()[r], offsets()[r + 1]) of the sum.
  const std::vector<std::size_t>& offsets() const { return offsets_; }

 private:
  UpdateShare() = default;

  bool is_split_ = false;
  std::size_t begin_tensor_ = 0;
  std::size_t end_tensor_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<std::size_t> tensors_;  // of ranks' runs
  std::vector<std::size_t> offsets_;
};

}  // namespace temper::train
