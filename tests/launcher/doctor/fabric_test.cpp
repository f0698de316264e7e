#include "launcher/doctor/fabric.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = Finding::State;

NcclLog log_with(std::string network, std::set<std::string> ways, bool gpu_direct = false) {
  return {"", std::move(network), std::move(ways), gpu_direct, {}};
}

Finding network_finding(const NcclLog& log, const Fabric& fabric) {
  for (const Finding& finding : judge_fabric(log, fabric)) {
    if (finding.what == "NCCL network") {
      return finding;
    }
  }
  return {};
}

TEST(FabricTest, IsLookedForInTheSystemsFolders) {
  const testing::TemporaryDirectory root;
  EXPECT_THAT(look_for_fabric(root.path()).rdma_devices, IsEmpty());
  EXPECT_FALSE(look_for_fabric(root.path()).has_peer_memory);
  testing::write_file(root / "sys/class/infiniband/mlx5_1/node_type", "1: CA");
  testing::write_file(root / "sys/class/infiniband/mlx5_0/node_type", "1: CA");
  testing::write_file(root / "sys/module/nvidia_peermem/version", "580");
  testing::write_file(root / "usr/local/gib/configs/x", "");
  const Fabric fabric = look_for_fabric(root.path());
  EXPECT_THAT(fabric.rdma_devices, ElementsAre("mlx5_0", "mlx5_1"));
  EXPECT_THAT(fabric.plugins, ElementsAre("/usr/local/gib"));
  EXPECT_TRUE(fabric.has_peer_memory);
}

TEST(FabricTest, SocketsWhereThereIsNothingElseAreFine) {
  EXPECT_EQ(network_finding(log_with("Socket", {"NET/Socket"}), {}).state, State::kOk);
}

TEST(FabricTest, SocketsOnAMachineWithRdmaAreAWarning) {
  const Finding finding =
      network_finding(log_with("Socket", {"P2P/CUMEM"}), {{"mlx5_0", "mlx5_1"}, {}, true});
  EXPECT_EQ(finding.state, State::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("this machine has RDMA: mlx5_0, mlx5_1"));
  EXPECT_THAT(finding.advice, AllOf(HasSubstr("NCCL_IB_DISABLE"), HasSubstr("/dev/infiniband")));
}

TEST(FabricTest, SocketsOnAMachineWithAGpuDirectPluginAreAWarning) {
  const Finding finding = network_finding(log_with("Socket", {}), {{}, {"/var/lib/fastrak"}, true});
  EXPECT_EQ(finding.state, State::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("GPUDirect: /var/lib/fastrak"));
  EXPECT_THAT(finding.advice, HasSubstr("LD_LIBRARY_PATH"));
}

TEST(FabricTest, RdmaThroughTheProcessorsMemoryIsAWarning) {
  const Fabric without_module{{"mlx5_0"}, {}, false};
  const Finding finding = network_finding(log_with("IB", {"NET/IB"}), without_module);
  EXPECT_EQ(finding.state, State::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("modprobe nvidia_peermem"));
  EXPECT_THAT(network_finding(log_with("IB", {"NET/IB"}), {{"mlx5_0"}, {}, true}).advice,
              HasSubstr("NCCL_NET_GDR_LEVEL"));
  EXPECT_EQ(network_finding(log_with("IB", {"NET/IB"}, true), without_module).state, State::kOk);
  EXPECT_EQ(network_finding(log_with("IB", {"P2P/CUMEM"}), without_module).state, State::kOk)
      << "no channel left the machine";
}

TEST(FabricTest, NcclsOwnWarningsAreShown) {
  NcclLog log;
  log.warnings = {"Call to ibv_reg_mr failed"};
  EXPECT_EQ(
      judge_fabric(log, {}),
      (std::vector<Finding>{{"NCCL warning", State::kWarning, "Call to ibv_reg_mr failed", ""}}));
}

TEST(FabricTest, WithoutNcclThereIsNothingToJudge) {
  EXPECT_THAT(judge_fabric({}, {{"mlx5_0"}, {}, true}), IsEmpty());
}

}  // namespace
}  // namespace temper::launch
