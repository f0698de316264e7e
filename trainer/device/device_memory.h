#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace temper::device {

/// A copy out of a device's memory that goes on while the device computes. Goes only when the copy
/// is over.
class Download {
 public:
  virtual ~Download() = default;
  /// Returns when the copy is complete. Any number of threads may wait, any number of times.
  virtual void wait() = 0;
};

/// Memory that kernels compute in: this process's, or a GPU's. Code that is not a kernel gets at a
/// GPU's only by these calls; a pointer to it must not be followed. What is started (copies,
/// kernels of its device) happens in the order of the calls of one thread.
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;

  /// The kind of device that computes in it: what the bits of a result belong to. "cpu", or
  /// gpu_kind() of a GPU.
  virtual std::string kind() const = 0;
  /// The GPU in CUDA's order; nullopt: the processor computes in it.
  virtual std::optional<int> gpu() const = 0;
  /// Whether any code of this process may read and write it.
  virtual bool is_host() const = 0;

  /// On a 64-byte boundary, contents undefined. std::bad_alloc or LibTorch's error, which
  /// model::is_out_of_memory() knows. Thread-safe, as is release().
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;

  /// From this process's memory into this one. `from` may change when it returns.
  virtual void upload(const void* from, void* to, std::size_t bytes) = 0;
  /// From this memory into this process's. `to` is complete when it returns.
  virtual void download(const void* from, void* to, std::size_t bytes) = 0;
  /// The same, begun when all is done that was started before, beside what is started later.
  /// Nothing may write to `from` or read `to` before it was waited for. Outlived by the memory.
  virtual std::shared_ptr<Download> start_download(const void* from, void* to,
                                                   std::size_t bytes) = 0;
  /// Between places of this memory that don't overlap.
  virtual void copy(const void* from, void* to, std::size_t bytes) = 0;
  /// Fills with zero bytes.
  virtual void clear(void* memory, std::size_t bytes) = 0;

  /// This process's memory that uploads and downloads are fastest from and to.
  virtual DeviceMemory& staging() = 0;
  /// The most that was ever allocated at once; 0: not counted.
  virtual std::uint64_t peak_bytes() const = 0;
};

/// This process's memory. It has no state, so that one is enough (as
/// std::pmr::new_delete_resource).
DeviceMemory& host_memory();

/// The memory of GPU `gpu`, in CUDA's order, and the only one that this process computes on. A
/// build without CUDA has none: UserError.
std::unique_ptr<DeviceMemory> open_gpu_memory(int gpu);

}  // namespace temper::device
