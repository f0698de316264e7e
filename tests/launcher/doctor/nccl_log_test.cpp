#include "launcher/doctor/nccl_log.h"

#include <gmock/gmock.h>

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Written after the format strings of NCCL 2.20 to 2.29; nothing here was recorded on a GPU.

TEST(NcclLogTest, OneMachineWithPeerToPeer) {
  const NcclLog log = parse_nccl_log(
      "node:101:101 [0] NCCL INFO NCCL version 2.29.7+cuda13.0\n"
      "node:101:140 [0] NCCL INFO NET/IB : No device found.\n"
      "node:101:140 [0] NCCL INFO NET/Socket : Using [0]eth0:10.0.0.5<0>\n"
      "node:101:140 [0] NCCL INFO Using network Socket\n"
      "node:101:140 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM/read\n"
      "node:102:141 [1] NCCL INFO Channel 00/0 : 1[1] -> 0[0] via SHM/direct/direct\r\n"
      "node:101:140 [0] NCCL INFO Connected all rings\n");
  EXPECT_EQ(log.version, "2.29.7+cuda13.0");
  EXPECT_EQ(log.network, "Socket");
  EXPECT_THAT(log.ways, ElementsAre("P2P/CUMEM", "SHM/direct"));
  EXPECT_FALSE(log.has_gpu_direct);
  EXPECT_THAT(log.warnings, IsEmpty());
}

TEST(NcclLogTest, RdmaWithGpuDirect) {
  const NcclLog log = parse_nccl_log(
      "a:7:9 [3] NCCL INFO NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/IB [RO]; OOB "
      "eth0:10.1.0.4<0>\n"
      "a:7:9 [3] NCCL INFO Using network IB\n"
      "a:7:9 [3] NCCL INFO Channel 02/0 : 3[3] -> 8[0] [send] via NET/IB/1(2)/GDRDMA/Shared\n");
  EXPECT_EQ(log.network, "IB");
  EXPECT_THAT(log.ways, ElementsAre("NET/IB"));
  EXPECT_TRUE(log.has_gpu_direct);
}

TEST(NcclLogTest, RdmaThroughTheProcessorsMemory) {
  const NcclLog log =
      parse_nccl_log("a:7:9 [3] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [receive] via NET/IB/0\n");
  EXPECT_THAT(log.ways, ElementsAre("NET/IB"));
  EXPECT_FALSE(log.has_gpu_direct);
}

TEST(NcclLogTest, APluginsName) {
  EXPECT_EQ(parse_nccl_log("a:7:9 [0] NCCL INFO Using network FasTrak\n").network, "FasTrak");
  EXPECT_EQ(
      parse_nccl_log("a:7:9 [0] NCCL INFO Assigned NET plugin AWS Libfabric to comm\n").network,
      "AWS Libfabric");
}

TEST(NcclLogTest, WarningsAreKeptOnce) {
  const std::string warning =
      "\n[2026-11-29 10:00:00] a:7:9 [0] misc/ibvwrap.cc:118 NCCL WARN Call to ibv_reg_mr failed\n";
  EXPECT_THAT(parse_nccl_log(warning + warning).warnings, ElementsAre("Call to ibv_reg_mr failed"));
}

TEST(NcclLogTest, OtherLinesAreNothing) {
  EXPECT_EQ(parse_nccl_log(""), NcclLog());
  EXPECT_EQ(parse_nccl_log("Channel 00 via P2P/IPC\nNCCL INFO Channel 00/0 : 0[0]\nvia\n\n"),
            NcclLog());
}

}  // namespace
}  // namespace temper::launch
