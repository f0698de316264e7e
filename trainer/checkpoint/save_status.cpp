#include "trainer/checkpoint/save_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace temper::checkpoint {
namespace {

using Json = nlohmann::json;

template <typename Enum>
Enum checked_enum(const Json& json, Enum last) {
  const int value = json.get<int>();
  if (value < 0 || value > static_cast<int>(last)) {
    throw std::runtime_error("checkpoint status: unknown state " + std::to_string(value));
  }
  return static_cast<Enum>(value);
}

}  // namespace

std::vector<std::byte> encode(const SaveStatus& status) {
  Json json = {{"phase", static_cast<int>(status.phase)}};
  if (status.phase != SavePhase::kIdle) {
    json["progress"] = static_cast<int>(status.progress);
    json["step"] = status.step;
    json["problem"] = status.problem;
  }
  if (status.receipt) {
    json["receipt"] = {{"name", status.receipt->name},
                       {"bytes", status.receipt->size_bytes},
                       {"crc32c", status.receipt->crc32c},
                       {"sha256", status.receipt->sha256}};
  }
  // A path in a problem may hold any bytes; JSON may not.
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

SaveStatus decode_status(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  const Json json = Json::parse(begin, begin + bytes.size());
  SaveStatus status;
  status.phase = checked_enum(json.at("phase"), SavePhase::kCommitting);
  if (status.phase == SavePhase::kIdle) {
    return status;
  }
  status.progress = checked_enum(json.at("progress"), SaveProgress::kFailed);
  status.step = json.at("step").get<std::int64_t>();
  status.problem = json.at("problem").get<std::string>();
  if (json.contains("receipt")) {
    const Json& receipt = json.at("receipt");
    status.receipt = run::CheckpointObject{.name = receipt.at("name").get<std::string>(),
                                           .size_bytes = receipt.at("bytes").get<std::uint64_t>(),
                                           .crc32c = receipt.at("crc32c").get<std::uint32_t>(),
                                           .sha256 = receipt.at("sha256").get<std::string>()};
  }
  return status;
}

}  // namespace temper::checkpoint
