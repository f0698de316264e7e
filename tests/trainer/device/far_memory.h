#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "trainer/device/device_memory.h"

namespace temper::testing {

/// A double of a GPU's memory. Its pages can't be touched but while an Access lives, which copies
/// and kernels (tests/trainer/model/far_kernels.h) take: any other code that follows a pointer to
/// it ends the process with SIGSEGV. Fresh memory is full of NaN. A download that was started
/// comes when it is waited for and no earlier (until then there is NaN, too), and a CHECK fails if
/// what it copies was written to in the meantime. Thread-safe, though one thread's
/// access opens the memory to all.
class FarMemory : public device::DeviceMemory {
 public:
  /// `size` bytes at most: whole pages.
  explicit FarMemory(std::size_t size = std::size_t{1} << 30);
  ~FarMemory() override;
  FarMemory(const FarMemory&) = delete;
  FarMemory& operator=(const FarMemory&) = delete;

  class Access {
   public:
    explicit Access(FarMemory& memory);
    ~Access();
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

   private:
    FarMemory& memory_;
  };

  /// Whether all of these bytes belong to one allocation.
  bool holds(const void* begin, std::size_t bytes) const;
  std::size_t uploaded_bytes() const { return uploaded_; }
  std::size_t downloaded_bytes() const { return downloaded_; }

  std::string kind() const override { return "far"; }
  std::optional<int> gpu() const override { return std::nullopt; }
  bool is_host() const override { return false; }
  void* allocate(std::size_t bytes) override;  ///< std::bad_alloc when it is full
  void release(void* memory) noexcept override;
  void upload(const void* from, void* to, std::size_t bytes) override;
  void download(const void* from, void* to, std::size_t bytes) override;
  std::shared_ptr<device::Download> start_download(const void* from, void* to,
                                                   std::size_t bytes) override;
  void copy(const void* from, void* to, std::size_t bytes) override;
  void clear(void* memory, std::size_t bytes) override;
  DeviceMemory& staging() override { return device::host_memory(); }
  std::uint64_t peak_bytes() const override { return peak_; }

 private:
  std::size_t size_;
  std::byte* begin_ = nullptr;
  mutable std::mutex mutex_;
  int accesses_ = 0;                             // guarded by mutex_, like all below
  std::map<std::byte*, std::size_t> allocated_;  // beginnings and sizes in whole lines
  std::uint64_t in_use_ = 0;
  std::uint64_t peak_ = 0;
  std::size_t uploaded_ = 0;
  std::size_t downloaded_ = 0;
};

}  // namespace temper::testing
