#pragma once

#include <span>

#include "trainer/device/device_memory.h"
#include "trainer/model/float_buffer.h"

namespace temper::train {

/// The parameters where kernels read them: themselves, if that is this process's memory, else a
/// copy on the device.
class DeviceParameters {
 public:
  /// `memory` is that of the kernels and outlives the object.
  explicit DeviceParameters(device::DeviceMemory& memory) : memory_(memory) {}

  /// To be called whenever `parameters`, which outlive its use, have changed. Returns where kernels
  /// find them until the next call.
  const float* refresh(std::span<const float> parameters) {
    if (memory_.is_host()) {
      return parameters.data();
    }
    copy_.reserve(memory_, parameters.size());
    memory_.upload(parameters.data(), copy_.data(), parameters.size_bytes());
    return copy_.data();
  }

 private:
  device::DeviceMemory& memory_;
  model::FloatBuffer copy_;
};

}  // namespace temper::train
