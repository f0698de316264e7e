#include "trainer/train/moments.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/model/moment_size.h"

namespace temper::train {
namespace {

constexpr auto kBlock = static_cast<std::size_t>(model::kMomentBlock);

// Of finite floats: their bits without the sign are in the same order, and integers vectorise.
float largest_magnitude(const float* values, std::size_t size) {
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    largest = std::max(largest, std::bit_cast<std::int32_t>(values[i]) & 0x7FFFFFFF);
  }
  return std::bit_cast<float>(largest);
}

std::size_t num_blocks(std::size_t size) {
  return (size + kBlock - 1) / kBlock;
}

template <class Number>
checkpoint::NamedTensor view(const std::string& name, weights::DataType type,
                             const std::vector<std::int64_t>& shape, std::span<Number> values,
                             int holder) {
  return {.name = name,
          .type = type,
          .shape = shape,
          .bytes = std::as_writable_bytes(values),
          .holder = holder};
}

}  // namespace

Moments::Moments(recipe::MomentFormat format, const model::ParameterLayout& layout,
                 UpdateShare share)
    : share_(std::move(share)) {
  std::size_t floats = 0;
  std::size_t codes = 0;
  std::size_t scales = 0;
  for (std::size_t i = 0; i < layout.tensors().size(); ++i) {
    const model::TrainedTensor& tensor = layout.tensors()[i];
    const std::size_t kept = is_here(i) ? tensor.size : 0;
    if (model::has_8bit_moments(format, tensor.name, static_cast<std::int64_t>(tensor.size))) {
      places_.push_back({.quantized = true, .begin = codes, .scales = scales});
      codes += kept;
      scales += num_blocks(kept);
    } else {
      places_.push_back({.begin = floats});
      floats = model::align_floats(floats + kept);
    }
  }
  for (Mean* mean : {&first_, &second_}) {
    mean->floats = model::FloatBuffer::zeros(floats);
    mean->codes.assign(codes, mean->map.encode(0));
    mean->scales.assign(scales, 0);
  }
}

void Moments::update(std::size_t tensor, std::size_t begin, std::size_t end, const Update& update) {
  CHECK(is_here(tensor), "tensor {}: another rank updates it", tensor);
  const Place& place = places_[tensor];
  if (!place.quantized) {
    update(begin, end, first_.floats.data() + place.begin + begin,
           second_.floats.data() + place.begin + begin);
    return;
  }
  CHECK(begin % kBlock == 0, "numbers from {}, blocks of {}", begin, kBlock);
  std::array<float, kBlock> first{};
  std::array<float, kBlock> second{};
  for (; begin < end; begin += kBlock) {
    const std::size_t size = std::min(kBlock, end - begin);
    const std::size_t code = place.begin + begin;
    const std::size_t scale = place.scales + begin / kBlock;
    decode(first_, code, scale, size, first.data());
    decode(second_, code, scale, size, second.data());
    update(begin, begin + size, first.data(), second.data());
    encode(first_, code, scale, size, first.data());
    encode(second_, code, scale, size, second.data());
  }
}

void Moments::decode(const Mean& mean, std::size_t code, std::size_t scale, std::size_t size,
                     float* values) {
  const DynamicMap& map = mean.map;
  const std::uint8_t* const codes = mean.codes.data() + code;
  const float largest = mean.scales[scale];
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = map.decode(codes[i]) * largest;
  }
}

// A number that is not zero never becomes zero: a mean of squares that vanished beside a mean of
// gradients that did not would make the next update divide by epsilon alone.
void Moments::encode(Mean& mean, std::size_t code, std::size_t scale, std::size_t size,
                     const float* values) {
  const float largest = largest_magnitude(values, size);
  mean.scales[scale] = largest;
  const float divisor = largest > 0 ? largest : 1.0F;
  std::array<float, kBlock> shares{};
  for (std::size_t i = 0; i < size; ++i) {
    shares[i] = values[i] / divisor;
  }
  const DynamicMap& map = mean.map;
  const std::uint8_t zero = map.encode(0);
  std::array<std::uint8_t, kBlock> codes{};  // of its own: bytes in the heap may alias the map
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t nearest = map.encode(shares[i]);
    codes[i] = nearest == zero && values[i] > 0 ? static_cast<std::uint8_t>(zero + 1) : nearest;
  }
  std::memcpy(mean.codes.data() + code, codes.data(), size);
}

std::vector<checkpoint::NamedTensor> Moments::tensors(const model::ParameterLayout& layout) {
  std::vector<checkpoint::NamedTensor> tensors;
  for (auto& [kind, mean] : {std::pair<std::string, Mean*>{"exp_avg", &first_},
                             std::pair<std::string, Mean*>{"exp_avg_sq", &second_}}) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const model::TrainedTensor& tensor = layout.tensors()[i];
      const Place& place = places_[i];
      const std::size_t kept = is_here(i) ? tensor.size : 0;
      const int holder = share_.holder_of(i);
      if (!place.quantized) {
        tensors.push_back(view(kind + "/" + tensor.name, weights::DataType::kF32, tensor.shape,
                               mean->floats.span().subspan(place.begin, kept), holder));
        continue;
      }
      tensors.push_back(view(kind + "_8bit/" + tensor.name, weights::DataType::kU8, tensor.shape,
                             std::span(mean->codes).subspan(place.begin, kept), holder));
      tensors.push_back(view(kind + "_scale/" + tensor.name, weights::DataType::kF32,
                             {static_cast<std::int64_t>(num_blocks(tensor.size))},
                             std::span(mean->scales).subspan(place.scales, num_blocks(kept)),
                             holder));
    }
  }
  return tensors;
}

}  // namespace temper::train
