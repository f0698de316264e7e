// A GPU's memory, by LibTorch's caching allocator and CUDA's copies. Compiled where the torch wheel
// has CUDA; no test runs this: docs/gpu.md says how to check it.

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <new>
#include <optional>

#include "trainer/device/device_checks.h"
#include "trainer/device/device_report.h"
#include "trainer/device/host_memory.h"

namespace temper::device {
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

/// This process's memory whose pages stay where they are, so that the GPU copies by itself.
class PinnedMemory final : public HostMemory {
 public:
  void* allocate(std::size_t bytes) override {
    void* memory = nullptr;
    if (cudaHostAlloc(&memory, bytes, cudaHostAllocPortable) != cudaSuccess) {
      cudaGetLastError();  // else the next check of anything would find it
      throw std::bad_alloc();
    }
    return memory;
  }
  void release(void* memory) noexcept override { cudaFreeHost(memory); }
};

/// A place in a stream's work.
class Event {
 public:
  explicit Event(const c10::cuda::CUDAStream& stream) {
    C10_CUDA_CHECK(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming));
    C10_CUDA_CHECK(cudaEventRecord(event_, stream.stream()));
  }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void hold_back(const c10::cuda::CUDAStream& stream) const {
    C10_CUDA_CHECK(cudaStreamWaitEvent(stream.stream(), event_, 0));
  }
  cudaError_t wait() const { return cudaEventSynchronize(event_); }

 private:
  cudaEvent_t event_ = nullptr;
};

class CudaDownload final : public Download {
 public:
  explicit CudaDownload(const c10::cuda::CUDAStream& stream) : end_(stream) {}
  ~CudaDownload() override { end_.wait(); }
  void wait() override { C10_CUDA_CHECK(end_.wait()); }

 private:
  Event end_;
};

/// Everything goes through ATen's current stream, which is the device's default one on all threads:
/// copies and kernels keep their order. Only downloads that are started have a stream of their own.
class CudaMemory final : public DeviceMemory {
 public:
  explicit CudaMemory(int gpu) : gpu_(static_cast<c10::DeviceIndex>(gpu)) {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    c10::cuda::set_device(gpu_);
    downloads_.emplace(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, gpu_));
    kind_ = gpu_kind(report_devices().gpus.at(static_cast<std::size_t>(gpu)));
  }

  std::string kind() const override { return kind_; }

  std::optional<int> gpu() const override { return gpu_; }
  bool is_host() const override { return false; }

  void* allocate(std::size_t bytes) override {
    const c10::cuda::CUDAGuard guard(gpu_);
    return allocator::raw_alloc(bytes);
  }
  void release(void* memory) noexcept override { allocator::raw_delete(memory); }

  void upload(const void* from, void* to, std::size_t bytes) override {
    enqueue(from, to, bytes, cudaMemcpyHostToDevice);
    C10_CUDA_CHECK(cudaStreamSynchronize(stream()));
  }
  void download(const void* from, void* to, std::size_t bytes) override {
    enqueue(from, to, bytes, cudaMemcpyDeviceToHost);
    C10_CUDA_CHECK(cudaStreamSynchronize(stream()));
  }
  std::shared_ptr<Download> start_download(const void* from, void* to, std::size_t bytes) override {
    const c10::cuda::CUDAGuard guard(gpu_);
    const Event before(c10::cuda::getCurrentCUDAStream(gpu_));
    before.hold_back(*downloads_);
    C10_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, downloads_->stream()));
    return std::make_shared<CudaDownload>(*downloads_);
  }
  void copy(const void* from, void* to, std::size_t bytes) override {
    enqueue(from, to, bytes, cudaMemcpyDeviceToDevice);
  }
  void clear(void* memory, std::size_t bytes) override {
    const c10::cuda::CUDAGuard guard(gpu_);
    C10_CUDA_CHECK(cudaMemsetAsync(memory, 0, bytes, stream()));
  }

  DeviceMemory& staging() override { return pinned_; }
  std::uint64_t peak_bytes() const override {
    using Statistic = c10::CachingAllocator::StatType;
    const auto statistics = allocator::getDeviceStats(gpu_);
    return static_cast<std::uint64_t>(
        statistics.reserved_bytes[static_cast<std::size_t>(Statistic::AGGREGATE)].peak);
  }

 private:
  cudaStream_t stream() const { return c10::cuda::getCurrentCUDAStream(gpu_).stream(); }

  void enqueue(const void* from, void* to, std::size_t bytes, cudaMemcpyKind kind) const {
    const c10::cuda::CUDAGuard guard(gpu_);
    C10_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, kind, stream()));
  }

  c10::DeviceIndex gpu_;
  std::string kind_;
  std::optional<c10::cuda::CUDAStream> downloads_;
  PinnedMemory pinned_;
};

}  // namespace

std::unique_ptr<DeviceMemory> open_gpu_memory(int gpu) {
  return std::make_unique<CudaMemory>(gpu);
}

}  // namespace temper::device
