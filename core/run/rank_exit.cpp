#include "core/run/rank_exit.h"

#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/run/json_fields.h"

namespace temper::run {
namespace {

constexpr std::size_t kMaxBytes = 64U << 10U;
constexpr std::size_t kMaxMessageBytes = 4096;
constexpr int kMaxRank = 65'535;
constexpr int kMaxCode = 255;

}  // namespace

std::string to_json(const RankExit& rank_exit) {
  return dump_file({{"version", 1},
                    {"rank", rank_exit.rank},
                    {"host", rank_exit.host},
                    {"exit_code", rank_exit.exit_code},
                    {"message", rank_exit.message.substr(0, kMaxMessageBytes / 4)}});
}

RankExit parse_rank_exit(std::string_view json, const std::string& origin) {
  const nlohmann::json parsed = parse_json_object(json, kMaxBytes, origin);
  const JsonFields fields(parsed, origin);
  RankExit rank_exit;
  rank_exit.rank = static_cast<int>(fields.integer("rank", 0, kMaxRank));
  rank_exit.host = fields.text("host");
  rank_exit.exit_code = static_cast<int>(fields.integer("exit_code", 0, kMaxCode));
  rank_exit.message = fields.text("message", kMaxMessageBytes);
  return rank_exit;
}

void note_rank_exit(const RunLayout& layout, std::string_view attempt,
                    const RankExit& rank_exit) noexcept {
  try {
    const std::string text = to_json(rank_exit);
    static_cast<void>(
        create_file_durably(layout.attempt_exit(attempt), std::as_bytes(std::span(text))));
  } catch (const std::exception&) {
    // The starter's own code is all that is left then.
  }
}

std::optional<RankExit> read_rank_exit(const RunLayout& layout, std::string_view attempt) {
  const std::filesystem::path path = layout.attempt_exit(attempt);
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) {
    return std::nullopt;
  }
  try {
    const MappedFile file(path);
    return parse_rank_exit(
        {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path.string());
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace temper::run
