#include "core/run/collective_report.h"

#include <fmt/format.h>

#include "core/run/json_fields.h"

namespace temper::run {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxItems = 65'536;
constexpr double kNano = 1e9;

}  // namespace

double algorithm_bandwidth(const CollectiveTiming& timing) {
  return timing.seconds > 0 ? static_cast<double>(timing.bytes) / timing.seconds : 0;
}

double bus_bandwidth(const CollectiveTiming& timing, std::uint64_t ranks) {
  const auto n = static_cast<double>(ranks);
  const double share = timing.operation == "broadcast" ? 1.0 : (n - 1) / n;
  return algorithm_bandwidth(timing) * share;
}

std::string to_json(const CollectiveReport& report) {
  nlohmann::ordered_json timings = nlohmann::ordered_json::array();
  for (const CollectiveTiming& timing : report.timings) {
    timings.push_back({{"operation", timing.operation},
                       {"bytes", timing.bytes},
                       {"calls", timing.calls},
                       {"nanoseconds", static_cast<std::uint64_t>(timing.seconds * kNano)},
                       {"wrong_bytes", timing.wrong_bytes}});
  }
  nlohmann::ordered_json hosts = nlohmann::ordered_json::array();
  for (const std::string& host : report.hosts) {
    hosts.push_back({{"name", host}});
  }
  return dump_file({{"version", 1},
                    {"communicator", report.communicator},
                    {"hosts", hosts},
                    {"timings", timings}});
}

CollectiveReport parse_collective_report(std::string_view json, const std::string& origin) {
  const nlohmann::json parsed = parse_json_object(json, kMaxBytes, origin);
  const JsonFields fields(parsed, origin);
  CollectiveReport report;
  report.communicator = fields.text("communicator");
  for (const nlohmann::json& host : fields.objects("hosts", kMaxItems)) {
    report.hosts.push_back(JsonFields(host, origin + ": hosts").text("name"));
  }
  for (const nlohmann::json& item : fields.objects("timings", kMaxItems)) {
    const JsonFields timing(item, origin + ": timings");
    report.timings.push_back(
        {timing.text("operation"), timing.count("bytes"), timing.count("calls"),
         static_cast<double>(timing.count("nanoseconds")) / kNano, timing.count("wrong_bytes")});
  }
  return report;
}

}  // namespace temper::run
