#include "launcher/doctor/doctor_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "launcher/plan/quantity.h"

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kGiga = 1e9;
constexpr double kMicro = 1e6;
constexpr std::size_t kStateWidth = 8;

/// Lines after the first one begin at the margin.
std::string indented(const std::string& lines, const std::string& margin) {
  std::string text;
  for (const char c : lines) {
    text += c == '\n' ? "\n" + margin : std::string(1, c);
  }
  return text;
}

std::string findings_table(const std::vector<Finding>& findings) {
  std::size_t width = 0;
  for (const Finding& finding : findings) {
    width = std::max(width, finding.what.size());
  }
  const std::string margin(kStateWidth + 1 + width + 2, ' ');
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{:<{}} {:<{}}  {}\n", name_of(finding.state), kStateWidth, finding.what,
                        width, indented(finding.detail, margin));
    if (!finding.advice.empty()) {
      text += fmt::format("{}-> {}\n", margin, finding.advice);
    }
  }
  return text;
}

std::string collectives_table(const run::CollectiveReport& report) {
  std::string text =
      fmt::format("\n{} ranks over {}\n{:<11} {:>10} {:>6} {:>12} {:>13} {:>13} {:>6}\n",
                  report.hosts.size(), report.communicator, "operation", "size", "calls",
                  "time (us)", "algbw (GB/s)", "busbw (GB/s)", "wrong");
  for (const run::CollectiveTiming& timing : report.timings) {
    text += fmt::format("{:<11} {:>10} {:>6} {:>12.1f} {:>13.3f} {:>13.3f} {:>6}\n",
                        timing.operation, bytes_text(timing.bytes), timing.calls,
                        timing.seconds * kMicro, algorithm_bandwidth(timing) / kGiga,
                        bus_bandwidth(timing, report.hosts.size()) / kGiga, timing.wrong_bytes);
  }
  return text + "\n";
}

Json collectives_json(const run::CollectiveReport& report) {
  Json timings = Json::array();
  for (const run::CollectiveTiming& timing : report.timings) {
    timings.push_back({{"operation", timing.operation},
                       {"bytes", timing.bytes},
                       {"calls", timing.calls},
                       {"seconds", timing.seconds},
                       {"algorithm_bandwidth", algorithm_bandwidth(timing)},
                       {"bus_bandwidth", bus_bandwidth(timing, report.hosts.size())},
                       {"wrong_bytes", timing.wrong_bytes}});
  }
  return {{"communicator", report.communicator},
          {"ranks", report.hosts.size()},
          {"hosts", report.hosts},
          {"collectives", timings}};
}

}  // namespace

Finding communication_finding(const run::CollectiveReport& report) {
  std::uint64_t wrong = 0;
  double latency = 0;
  double fastest = 0;
  for (const run::CollectiveTiming& timing : report.timings) {
    wrong += timing.wrong_bytes;
    if (timing.operation != "broadcast") {  // whose root waits for nobody
      latency = latency == 0 ? timing.seconds : std::min(latency, timing.seconds);
    }
    fastest = std::max(fastest, bus_bandwidth(timing, report.hosts.size()));
  }
  if (wrong > 0) {
    return {"communication", Finding::State::kFailed,
            fmt::format("{} bytes arrived wrong over {}", wrong, report.communicator),
            "don't train on these machines: look for faulty memory, GPUs, cables or drivers"};
  }
  return {"communication", Finding::State::kOk,
          fmt::format("{} ranks over {}, every byte right; latency {:.1f} us, bus bandwidth up to "
                      "{:.2f} GB/s",
                      report.hosts.size(), report.communicator, latency * kMicro, fastest / kGiga),
          ""};
}

std::string doctor_text(const DoctorReport& report) {
  std::string text = findings_table(report.findings);
  if (report.communication) {
    text += collectives_table(*report.communication);
  }
  return text + (all_required_is_there(report.findings)
                     ? "all that is required is there\n"
                     : "something that is required is missing: see `failed` above\n");
}

std::string doctor_json(const DoctorReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"what", finding.what},
                        {"state", name_of(finding.state)},
                        {"detail", finding.detail},
                        {"advice", finding.advice}});
  }
  Json json = {{"ok", all_required_is_there(report.findings)}, {"findings", findings}};
  if (report.communication) {
    json["communication"] = collectives_json(*report.communication);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace temper::launch
