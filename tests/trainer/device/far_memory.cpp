#include "tests/trainer/device/far_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace temper::testing {
namespace {

constexpr std::size_t kLine = 64;

void fill_with_nan(void* memory, std::size_t bytes) {
  std::fill_n(static_cast<float*>(memory), bytes / sizeof(float),
              std::numeric_limits<float>::quiet_NaN());
}

/// Copies as late as it may.
class LateDownload final : public device::Download {
 public:
  LateDownload(FarMemory& memory, const void* from, void* to, std::size_t bytes)
      : memory_(memory), from_(from), to_(to), seen_(bytes) {
    const FarMemory::Access access(memory_);
    std::memcpy(seen_.data(), from_, bytes);
    fill_with_nan(to_, bytes);
  }
  ~LateDownload() override { LateDownload::wait(); }

  void wait() override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(over_, true)) {
      return;
    }
    const FarMemory::Access access(memory_);
    CHECK(std::memcmp(seen_.data(), from_, seen_.size()) == 0,
          "{} bytes were written to before their download was over", seen_.size());
    std::memcpy(to_, from_, seen_.size());
  }

 private:
  FarMemory& memory_;
  const void* from_;
  void* to_;
  std::vector<std::byte> seen_;
  std::mutex mutex_;
  bool over_ = false;  // guarded by mutex_
};

}  // namespace

FarMemory::FarMemory(std::size_t size) : size_(size) {
  void* const pages =
      ::mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(pages != MAP_FAILED, "{} bytes", size_);
  begin_ = static_cast<std::byte*>(pages);
}

FarMemory::~FarMemory() {
  ::munmap(begin_, size_);
}

FarMemory::Access::Access(FarMemory& memory) : memory_(memory) {
  const std::lock_guard lock(memory_.mutex_);
  if (memory_.accesses_++ == 0) {
    CHECK(::mprotect(memory_.begin_, memory_.size_, PROT_READ | PROT_WRITE) == 0, "open");
  }
}

FarMemory::Access::~Access() {
  const std::lock_guard lock(memory_.mutex_);
  if (--memory_.accesses_ == 0) {
    ::mprotect(memory_.begin_, memory_.size_, PROT_NONE);
  }
}

bool FarMemory::holds(const void* begin, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  auto* const first = static_cast<std::byte*>(const_cast<void*>(begin));
  const auto after = allocated_.upper_bound(first);
  if (after == allocated_.begin()) {
    return false;
  }
  const auto& [start, size] = *std::prev(after);
  return first + bytes <= start + size;
}

void* FarMemory::allocate(std::size_t bytes) {
  const std::size_t size = (std::max<std::size_t>(bytes, 1) + kLine - 1) / kLine * kLine;
  std::byte* place = begin_;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [start, taken] : allocated_) {  // the first gap that is large enough
      if (static_cast<std::size_t>(start - place) >= size) {
        break;
      }
      place = start + taken;
    }
    if (static_cast<std::size_t>(begin_ + size_ - place) < size) {
      throw std::bad_alloc();
    }
    allocated_[place] = size;
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
  }
  const Access access(*this);
  fill_with_nan(place, size);
  return place;
}

void FarMemory::release(void* memory) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = allocated_.find(static_cast<std::byte*>(memory));
  in_use_ -= found->second;
  allocated_.erase(found);
}

void FarMemory::upload(const void* from, void* to, std::size_t bytes) {
  CHECK(holds(to, bytes), "{} bytes are not in this memory", bytes);
  const Access access(*this);
  std::memcpy(to, from, bytes);
  const std::lock_guard lock(mutex_);
  uploaded_ += bytes;
}

void FarMemory::download(const void* from, void* to, std::size_t bytes) {
  CHECK(holds(from, bytes) && !holds(to, bytes), "{} bytes are not in this memory", bytes);
  const Access access(*this);
  std::memcpy(to, from, bytes);
  const std::lock_guard lock(mutex_);
  downloaded_ += bytes;
}

std::shared_ptr<device::Download> FarMemory::start_download(const void* from, void* to,
                                                            std::size_t bytes) {
  CHECK(holds(from, bytes) && !holds(to, bytes), "{} bytes are not in this memory", bytes);
  {
    const std::lock_guard lock(mutex_);
    downloaded_ += bytes;
  }
  return std::make_shared<LateDownload>(*this, from, to, bytes);
}

void FarMemory::copy(const void* from, void* to, std::size_t bytes) {
  CHECK(holds(from, bytes) && holds(to, bytes), "{} bytes are not in this memory", bytes);
  const Access access(*this);
  std::memcpy(to, from, bytes);
}

void FarMemory::clear(void* memory, std::size_t bytes) {
  CHECK(bytes == 0 || holds(memory, bytes), "{} bytes are not in this memory", bytes);
  const Access access(*this);
  std::memset(memory, 0, bytes);
}

}  // namespace temper::testing
