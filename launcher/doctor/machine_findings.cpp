#include "launcher/doctor/machine_findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include "core/base/machine_memory.h"
#include "launcher/plan/quantity.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
/// A small model's training, and a small model's download.
constexpr std::uint64_t kLittleMemory = 4 * kGibibyte;
constexpr std::uint64_t kLittleRoom = 10 * kGibibyte;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// What follows the first line "name : value"; "" if there is none.
std::string value_of(std::string_view text, std::string_view name) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with(name) && colon != std::string::npos &&
        line.find_last_not_of(" \t", colon - 1) + 1 == name.size()) {
      const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
      return begin == std::string::npos ? "" : line.substr(begin);
    }
  }
  return "";
}

Finding processor_finding(const fs::path& proc, unsigned num_cores) {
  const Processor processor = parse_cpuinfo(text_of(proc / "cpuinfo"));
  const auto has = [&](const char* name) {
    return std::ranges::find(processor.instructions, name) != processor.instructions.end();
  };
  Finding finding{
      "processor", State::kOk,
      fmt::format("{}, {} core{}, {}", processor.name.empty() ? "unknown" : processor.name,
                  num_cores, num_cores == 1 ? "" : "s",
                  processor.instructions.empty()
                      ? "no vector instructions that Temper knows"
                      : fmt::format("{}", fmt::join(processor.instructions, ", "))),
      ""};
  if (!has("AVX2") && !has("AdvSIMD")) {
    finding.state = State::kWarning;
    finding.advice = "it trains, but several times slower than a processor with AVX2";
  }
  return finding;
}

Finding memory_finding(const fs::path& proc) {
  const std::uint64_t total = machine_memory_bytes();
  const std::uint64_t available = parse_available_memory(text_of(proc / "meminfo"));
  Finding finding{"memory", State::kOk, bytes_text(total), ""};
  if (available > 0) {
    finding.detail += fmt::format(", {} free", bytes_text(available));
  }
  if (total < kLittleMemory || (available > 0 && available < kLittleMemory / 2)) {
    finding.state = State::kWarning;
    finding.advice =
        "enough for models of some hundred million parameters only: `temper plan` "
        "says what a recipe needs";
  }
  return finding;
}

Finding cache_finding(const Environment& environment) {
  const fs::path folder = environment.cache_directory();
  fs::path nearest = folder;
  std::error_code failure;
  while (!fs::exists(nearest, failure) && nearest.has_relative_path()) {
    nearest = nearest.parent_path();
  }
  const fs::space_info room = fs::space(nearest, failure);
  Finding finding{"cache", State::kOk, "", ""};
  if (failure) {
    finding.state = State::kFailed;
    finding.detail = fmt::format("{}: {}", folder.string(), failure.message());
    finding.advice = "name a folder that can be written in TEMPER_CACHE";
    return finding;
  }
  finding.detail = fmt::format("{}, {} free", folder.string(), bytes_text(room.available));
  if (room.available < kLittleRoom) {
    finding.state = State::kWarning;
    finding.advice =
        "models and data sets are kept there: make room, or name a folder with more "
        "of it in TEMPER_CACHE";
  }
  return finding;
}

}  // namespace

Processor parse_cpuinfo(std::string_view text) {
  // By their names in Linux's arch/x86/include/asm/cpufeatures.h and arch/arm64/kernel/cpuinfo.c.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kKnown = {
      {{"avx2", "AVX2"},
       {"avx512f", "AVX-512"},
       {"avx512_bf16", "AVX-512 BF16"},
       {"amx_bf16", "AMX BF16"},
       {"asimd", "AdvSIMD"},
       {"sve", "SVE"},
       {"bf16", "BF16"}}};
  std::string flags = value_of(text, "flags");
  if (flags.empty()) {
    flags = value_of(text, "Features");
  }
  std::istringstream words(flags);
  const std::vector<std::string> there{std::istream_iterator<std::string>(words), {}};
  Processor processor;
  processor.name = value_of(text, "model name");
  for (const auto& [flag, name] : kKnown) {
    if (std::ranges::find(there, flag) != there.end()) {
      processor.instructions.emplace_back(name);
    }
  }
  return processor;
}

std::uint64_t parse_available_memory(std::string_view text) {
  constexpr std::uint64_t kKibibyte = 1024;
  std::uint64_t number = 0;
  std::istringstream(value_of(text, "MemAvailable")) >> number;
  return number * kKibibyte;
}

std::vector<Finding> machine_findings(const fs::path& proc, unsigned num_cores,
                                      const Environment& environment) {
  return {processor_finding(proc, num_cores), memory_finding(proc), cache_finding(environment)};
}

}  // namespace temper::launch
