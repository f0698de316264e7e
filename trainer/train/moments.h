#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/recipe/choices.h"
#include "trainer/checkpoint/named_tensor.h"
#include "trainer/model/float_buffer.h"
#include "trainer/model/parameter_layout.h"
#include "trainer/train/dynamic_map.h"
#include "trainer/train/update_share.h"

namespace temper::train {

/// AdamW's running means of the gradients and of their squares: floats, or 8-bit codes with a scale
/// for every 256 numbers of a tensor (core/model/moment_size.h says which tensors). A block is
/// quantised by itself, so neither threads nor ranks show in the bits. Different blocks may be
/// updated at the same time. Kept for the tensors that this rank updates only.
class Moments {
 public:
  /// Gets both means of some numbers [begin, end) of a tensor, to be changed in place.
  using Update =
      std::function<void(std::size_t begin, std::size_t end, float* first, float* second)>;

  /// `share` is this rank's; without it, all.
  Moments(recipe::MomentFormat format, const model::ParameterLayout& layout, UpdateShare share);
  Moments(recipe::MomentFormat format, const model::ParameterLayout& layout)
      : Moments(format, layout, UpdateShare::whole(layout, 0, 1)) {}

  /// Calls `update` for all of [begin, end) of the layout's `tensor`-th tensor, one that this rank
  /// updates, in pieces. `begin`
  /// is a multiple of 256; so is `end`, unless it is the tensor's end.
  void update(std::size_t tensor, std::size_t begin, std::size_t end, const Update& update);

  /// Views for checkpoints, under the names of docs/checkpoint-format.md; without bytes where
  /// another rank has them.
  std::vector<checkpoint::NamedTensor> tensors(const model::ParameterLayout& layout);

 private:
  struct Place {
    bool quantized = false;
    std::size_t begin = 0;   // in floats, or in codes
    std::size_t scales = 0;  // of quantised ones: in scales
  };
  struct Mean {
    explicit Mean(DynamicMap::Range range) : map(range) {}
    DynamicMap map;
    model::FloatBuffer floats;
    std::vector<std::uint8_t> codes;
    std::vector<float> scales;
  };

  static void decode(const Mean& mean, std::size_t code, std::size_t scale, std::size_t size,
                     float* values);
  static void encode(Mean& mean, std::size_t code, std::size_t scale, std::size_t size,
                     const float* values);

  bool is_here(std::size_t tensor) const {
    return share_.begin_tensor() <= tensor && tensor < share_.end_tensor();
  }

  UpdateShare share_;
  std::vector<Place> places_;  // one a tensor of the layout
  Mean first_{DynamicMap::Range::kSigned};
  Mean second_{DynamicMap::Range::kUnsigned};
};

}  // namespace temper::train
