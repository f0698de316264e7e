#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace temper::launch {

/// What NCCL said with NCCL_DEBUG=INFO (NCCL's src/init.cc, src/net.cc and src/transport). Lines
/// that are not known are passed over, so that another version costs detail, not correctness.
struct NcclLog {
  std::string version;          ///< "2.29.7+cuda13.0"
  std::string network;          ///< between machines: "IB", "Socket", or a plugin's name
  std::set<std::string> ways;   ///< that channels take: "P2P/CUMEM", "SHM/direct", "NET/IB" …
  bool has_gpu_direct = false;  ///< a channel goes from GPU to network without the CPU's memory
  std::vector<std::string> warnings;  ///< NCCL WARN, each once, without where and when
  bool operator==(const NcclLog&) const = default;
};

/// Of all ranks' logs one after the other.
NcclLog parse_nccl_log(std::string_view text);

}  // namespace temper::launch
