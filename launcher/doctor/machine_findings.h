#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "launcher/doctor/finding.h"

namespace temper::launch {

/// What the text of /proc/cpuinfo says (proc(5)).
struct Processor {
  std::string name;                       ///< "" where it has none, as on some Arm machines
  std::vector<std::string> instructions;  ///< those that make a difference to Temper: "AVX2" …
  bool operator==(const Processor&) const = default;
};
Processor parse_cpuinfo(std::string_view text);

/// What of this machine's memory is free, by the text of /proc/meminfo; 0: it does not say.
std::uint64_t parse_available_memory(std::string_view text);

/// Processor, cores, memory and the room in the cache's folder. `proc` is /proc but in tests.
std::vector<Finding> machine_findings(const std::filesystem::path& proc, unsigned num_cores,
                                      const Environment& environment);

}  // namespace temper::launch
