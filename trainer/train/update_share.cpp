#include "trainer/train/update_share.h"

#include <algorithm>
#include <cstdint>

#include "core/base/check.h"
#include "core/model/update_shares.h"
#include "trainer/checkpoint/named_tensor.h"
#include "trainer/model/float_buffer.h"

namespace temper::train {

UpdateShare UpdateShare::whole(const model::ParameterLayout& layout, int rank, int num_ranks) {
  CHECK(0 <= rank && rank < num_ranks, "rank {} of {}", rank, num_ranks);
  UpdateShare share;
  share.end_tensor_ = layout.tensors().size();
  share.end_ = layout.size();
  for (int r = 0; r <= num_ranks; ++r) {
    const std::size_t even =
        layout.size() * static_cast<std::size_t>(r) / static_cast<std::size_t>(num_ranks);
    share.offsets_.push_back(std::min(layout.size(), model::align_floats(even)));
  }
  share.offsets_.back() = layout.size();
  return share;
}

UpdateShare UpdateShare::split(const model::ParameterLayout& layout, int rank, int num_ranks) {
  CHECK(0 <= rank && rank < num_ranks, "rank {} of {}", rank, num_ranks);
  std::vector<std::int64_t> sizes;
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    sizes.push_back(static_cast<std::int64_t>(tensor.size));
  }
  UpdateShare share;
  share.is_split_ = true;
  share.tensors_ = model::split_into_runs(sizes, num_ranks);
  for (const std::size_t tensor : share.tensors_) {
    share.offsets_.push_back(tensor < sizes.size() ? layout.tensors()[tensor].offset
                                                   : layout.size());
  }
  const auto own = static_cast<std::size_t>(rank);
  share.begin_tensor_ = share.tensors_[own];
  share.end_tensor_ = share.tensors_[own + 1];
  share.begin_ = share.offsets_[own];
  share.end_ = share.offsets_[own + 1];
  return share;
}

int UpdateShare::holder_of(std::size_t tensor) const {
  if (!is_split_) {
    return checkpoint::kEveryRank;
  }
  const auto after = std::upper_bound(tensors_.begin(), tensors_.end(), tensor);
  return static_cast<int>(after - tensors_.begin()) - 1;
}

}  // namespace temper::train
