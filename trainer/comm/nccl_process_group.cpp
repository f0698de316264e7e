// c10d::ProcessGroupNCCL behind NcclGroup. Compiled where the torch wheel has CUDA; sees LibTorch's
// headers, whose fmt is another than Debian's. No test runs this: docs/gpu.md says how to check it.

#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "trainer/comm/open_nccl.h"

namespace temper::comm {
namespace {

using Kind = NcclFailure::Kind;

/// Runs calls of c10d and CUDA and tells their errors in our words.
template <class Call>
auto translated(const Call& call) {
  try {
    return call();
  } catch (const c10::OutOfMemoryError& error) {
    throw NcclFailure(Kind::kOutOfMemory, error.what_without_backtrace());
  } catch (const c10::DistError& error) {
    const std::string text = error.what_without_backtrace();
    const bool late =
        text.find("timeout") != std::string::npos || text.find("timed out") != std::string::npos;
    throw NcclFailure(late ? Kind::kTimedOut : Kind::kPeerLost, text);
  } catch (const c10::Error& error) {
    throw NcclFailure(Kind::kOther, error.what_without_backtrace());
  }
}

class ProcessGroup final : public NcclGroup {
 public:
  ProcessGroup(const NcclPlace& place, const NcclSettings& settings)
      : device_(c10::kCUDA, static_cast<c10::DeviceIndex>(place.local_rank)),
        timeout_(settings.connect_timeout) {
    translated([&] {
      c10::cuda::set_device(device_.index());
      c10d::TCPStoreOptions store_options;
      store_options.port = place.port;
      store_options.waitWorkers = false;
      store_options.timeout = settings.connect_timeout;
      const auto store = c10::make_intrusive<c10d::PrefixStore>(
          "nccl", c10::make_intrusive<c10d::TCPStore>(place.address, store_options));
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = settings.call_timeout;
      options->config.blocking = 0;  // a peer that never comes must not hang NCCL's initialisation
      group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.size, options);
      group_->setBoundDeviceId(device_);
      group_->eagerConnectSingleDevice(device_);
      const auto bytes = static_cast<std::int64_t>(settings.stage_bytes);
      outgoing_ = at::empty({bytes}, at::TensorOptions(device_).dtype(c10::kByte));
      incoming_ = at::empty({bytes}, at::TensorOptions(device_).dtype(c10::kByte));
    });
    all_gather(1);  // connects
    timeout_ = settings.call_timeout;
  }

  ~ProcessGroup() override {
    if (!aborted_) {
      group_->shutdown();
    }
  }

  int rank() const override { return group_->getRank(); }
  int size() const override { return group_->getSize(); }

  std::span<std::byte> outgoing() override { return bytes_of(outgoing_); }
  std::span<std::byte> incoming() override { return bytes_of(incoming_); }

  void copy(std::span<const std::byte> from, std::span<std::byte> to) override {
    translated([&] {
      const cudaStream_t stream = c10::cuda::getCurrentCUDAStream(device_.index()).stream();
      C10_CUDA_CHECK(
          cudaMemcpyAsync(to.data(), from.data(), from.size(), cudaMemcpyDefault, stream));
      C10_CUDA_CHECK(cudaStreamSynchronize(stream));
    });
  }

  void broadcast(std::size_t size, int root) override {
    finish([&] {
      std::vector<at::Tensor> tensors = {first(outgoing_, size)};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      return group_->broadcast(tensors, options);
    });
  }

  void all_gather(std::size_t size) override {
    finish([&] {
      at::Tensor to = first(incoming_, size * static_cast<std::size_t>(this->size()));
      at::Tensor from = first(outgoing_, size);
      return group_->_allgather_base(to, from);
    });
  }

  void all_to_all(std::span<const std::size_t> sends,
                  std::span<const std::size_t> receives) override {
    finish([&] {
      std::vector<std::int64_t> send_sizes(sends.begin(), sends.end());
      std::vector<std::int64_t> receive_sizes(receives.begin(), receives.end());
      at::Tensor to = first(incoming_, total(receives));
      at::Tensor from = first(outgoing_, total(sends));
      return group_->alltoall_base(to, from, receive_sizes, send_sizes);
    });
  }

  void abort() noexcept override {
    if (aborted_.exchange(true)) {
      return;
    }
    try {
      group_->abort();
    } catch (const std::exception&) {
      // It is broken already; whoever waits is told so by the call that fails.
    }
  }

 private:
  static std::span<std::byte> bytes_of(const at::Tensor& tensor) {
    return {static_cast<std::byte*>(tensor.data_ptr()), static_cast<std::size_t>(tensor.numel())};
  }
  static at::Tensor first(const at::Tensor& stage, std::size_t size) {
    return stage.narrow(0, 0, static_cast<std::int64_t>(size));
  }
  static std::size_t total(std::span<const std::size_t> sizes) {
    std::size_t sum = 0;
    for (const std::size_t size : sizes) {
      sum += size;
    }
    return sum;
  }

  /// Starts a collective and waits on the CPU until it is over or late.
  template <class Start>
  void finish(const Start& start) {
    translated([&] {
      if (aborted_) {
        throw NcclFailure(Kind::kPeerLost, "the group was aborted");
      }
      start()->wait(timeout_);
    });
  }

  at::Device device_;
  std::chrono::milliseconds timeout_;
  std::atomic<bool> aborted_ = false;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
  at::Tensor outgoing_, incoming_;
};

}  // namespace

std::unique_ptr<NcclGroup> open_nccl_process_group(const NcclPlace& place,
                                                   const NcclSettings& settings) {
  return std::make_unique<ProcessGroup>(place, settings);
}

}  // namespace temper::comm
