// Started by mpirun (or srun): ranks that MPI joined go on to NCCL, whose stand-in here is the tcp
// communicator: processes have no memory in common.
//   trainer_nccl_mpi_test conformance   the suite of every communicator
//   trainer_nccl_mpi_test lose-a-rank   rank 1 leaves with 78 after MPI was closed
//   trainer_nccl_mpi_test kill-a-rank   rank 1 is killed then

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "tests/trainer/comm/communicator_conformance.h"
#include "tests/trainer/comm/memory_nccl_group.h"
#include "trainer/comm/gpu_rank.h"
#include "trainer/comm/tcp_communicator.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

/// MemoryNcclGroup together with the communicator that it works over.
class TcpNcclGroup final : public NcclGroup {
 public:
  TcpNcclGroup(std::unique_ptr<Communicator> ranks, std::size_t stage_bytes)
      : ranks_(std::move(ranks)), group_(*ranks_, stage_bytes) {}
  int rank() const override { return group_.rank(); }
  int size() const override { return group_.size(); }
  std::span<std::byte> outgoing() override { return group_.outgoing(); }
  std::span<std::byte> incoming() override { return group_.incoming(); }
  void copy(std::span<const std::byte> from, std::span<std::byte> to) override {
    group_.copy(from, to);
  }
  void broadcast(std::size_t size, int root) override { group_.broadcast(size, root); }
  void all_gather(std::size_t size) override { group_.all_gather(size); }
  void all_to_all(std::span<const std::size_t> sends,
                  std::span<const std::size_t> receives) override {
    group_.all_to_all(sends, receives);
  }
  void abort() noexcept override { group_.abort(); }

 private:
  std::unique_ptr<Communicator> ranks_;
  testing::MemoryNcclGroup group_;
};

/// This machine as if it had eight GPUs; rank 0 tells in the store where the stand-in's ranks meet.
NcclWorld world_of(Clock& clock) {
  NcclWorld world;
  world.devices = {true, 13000, 13000, std::vector<device::Gpu>(8, {"NVIDIA L4", 8, 9, 1}), ""};
  world.libraries = "LibTorch 2.13.0, CUDA 13.0, NCCL 2.29.7";
  world.host = host_name();
  const auto store = std::make_shared<MeetingPlace*>(nullptr);
  world.open_store = [store](const NcclPlace& place, std::chrono::milliseconds timeout) {
    auto opened = open_tcp_store(place, timeout);
    *store = opened.get();
    return opened;
  };
  world.open_group = [store, &clock](const NcclPlace& place, const NcclSettings& settings) {
    if (place.rank == 0) {
      (*store)->leave("stand-in", std::to_string(port_of(listen_on(0))));
    }
    const std::string port = (*store)->find("stand-in", settings.connect_timeout).value();
    return std::make_unique<TcpNcclGroup>(
        open_tcp_communicator({"127.0.0.1", std::stoi(port), "stand-in", place.rank, place.size},
                              clock),
        settings.stage_bytes);
  };
  return world;
}

/// Through open_communicator, as the trainer does it.
GpuRank open(Clock& clock) {
  const auto environment = Environment::from_process();
  const int size = std::stoi(environment.get("OMPI_COMM_WORLD_SIZE").value_or("1"));
  NcclSettings settings;
  settings.connect_timeout = std::chrono::seconds(30);
  settings.stage_bytes = std::size_t{1} << 16;
  return open_gpu_rank(open_communicator(environment, size, "run", clock), settings,
                       world_of(clock), Logger(LogLevel::kError), clock);
}

std::unique_ptr<Communicator>& opened() {
  static std::unique_ptr<Communicator> communicator;
  return communicator;
}

ConformanceBackend backend() {
  return {"NcclUnderMpi", opened()->size(), [](const auto& body) { body(*opened()); }};
}

// GoogleTest asks for the value in InitGoogleTest, when the ranks are connected.
INSTANTIATE_TEST_SUITE_P(NcclUnderMpi, CommunicatorConformanceTest, ::testing::Values(backend()));

int run_conformance(int argc, char** argv) {
  SystemClock clock;
  GpuRank rank = open(clock);
  if (rank.communicator->name() != "nccl" || rank.gpu != rank.communicator->rank()) {
    std::cerr << rank.communicator->name() << " on GPU " << rank.gpu << "\n";
    return 1;
  }
  opened() = std::move(rank.communicator);
  ::testing::InitGoogleTest(&argc, argv);
  const int status = RUN_ALL_TESTS();
  opened().reset();
  return status;
}

/// MPI is closed by then: mpirun must end the others and pass the code on all the same.
int lose_rank_1(const std::function<void()>& leave) {
  SystemClock clock;
  const GpuRank rank = open(clock);
  rank.communicator->barrier();
  if (rank.communicator->rank() == 1) {
    leave();
  }
  ::sleep(60);  // a collective that never ends
  return 0;
}

}  // namespace
}  // namespace temper::comm

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "conformance") {
    return temper::comm::run_conformance(argc, argv);
  }
  if (what == "lose-a-rank") {
    return temper::comm::lose_rank_1(
        [] { std::_Exit(static_cast<int>(temper::ExitCode::kFatal)); });
  }
  if (what == "kill-a-rank") {
    return temper::comm::lose_rank_1([] { ::raise(SIGKILL); });
  }
  std::cerr << "usage: conformance | lose-a-rank | kill-a-rank\n";
  return 2;
}
