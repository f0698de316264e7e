#pragma once

#include "trainer/device/device_memory.h"

namespace temper::device {

/// This process's memory: copies are memcpy, and all code may follow its pointers.
class HostMemory : public DeviceMemory {
 public:
  std::string kind() const override { return "cpu"; }
  std::optional<int> gpu() const override { return std::nullopt; }
  bool is_host() const override { return true; }
  void* allocate(std::size_t bytes) override;
  void release(void* memory) noexcept override;
  void upload(const void* from, void* to, std::size_t bytes) override;
  void download(const void* from, void* to, std::size_t bytes) override;
  std::shared_ptr<Download> start_download(const void* from, void* to, std::size_t bytes) override;
  void copy(const void* from, void* to, std::size_t bytes) override;
  void clear(void* memory, std::size_t bytes) override;
  DeviceMemory& staging() override { return *this; }
  std::uint64_t peak_bytes() const override { return 0; }
};

}  // namespace temper::device
