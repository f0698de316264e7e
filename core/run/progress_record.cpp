#include "core/run/progress_record.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace temper::run {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMaxLineBytes = 65'536;

/// Calls visit(name, member) for each field, in the order of the file: the schema, said once.
template <typename Record, typename Visit>
void visit_fields(Record& record, const Visit& visit) {
  visit("time", record.time);
  visit("attempt", record.attempt);
  visit("step", record.step);
  visit("total_steps", record.total_steps);
  visit("position", record.position);
  visit("epoch", record.epoch);
  visit("loss", record.loss);
  visit("eval_loss", record.eval_loss);
  visit("tokens", record.tokens);
  visit("trained_tokens", record.trained_tokens);
  visit("learning_rate", record.learning_rate);
  visit("gradient_norm", record.gradient_norm);
  visit("tokens_per_second", record.tokens_per_second);
  visit("step_milliseconds", record.step_milliseconds);
  visit("data_wait_milliseconds", record.data_wait_milliseconds);
  visit("compute_milliseconds", record.compute_milliseconds);
  visit("reduce_milliseconds", record.reduce_milliseconds);
  visit("optimizer_milliseconds", record.optimizer_milliseconds);
  visit("checkpoint_milliseconds", record.checkpoint_milliseconds);
  visit("memory_bytes", record.memory_bytes);
  visit("store_requests", record.store_requests);
  visit("store_retries", record.store_retries);
}

template <typename Value>
nlohmann::ordered_json to_value(const Value& value) {
  return value;
}

/// JSON knows neither NaN nor infinity.
nlohmann::ordered_json to_value(const double& value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json to_value(const std::optional<double>& value) {
  return to_value(value.value_or(std::numeric_limits<double>::quiet_NaN()));
}

// Each takes a value of the right type and says whether it was one.

bool take(const json& value, std::string& out) {
  if (value.is_string()) {
    out = value.get<std::string>();
  }
  return value.is_string();
}

bool take(const json& value, std::int64_t& out) {
  const bool fits =
      value.is_number_integer() &&
      (!value.is_number_unsigned() || std::in_range<std::int64_t>(value.get<std::uint64_t>()));
  if (fits) {
    out = value.get<std::int64_t>();
  }
  return fits;
}

bool take(const json& value, std::uint64_t& out) {
  if (value.is_number_unsigned()) {
    out = value.get<std::uint64_t>();
  }
  return value.is_number_unsigned();
}

bool take(const json& value, double& out) {
  if (value.is_number()) {
    out = value.get<double>();
  } else if (value.is_null()) {
    out = std::numeric_limits<double>::quiet_NaN();
  }
  return value.is_number() || value.is_null();
}

bool take(const json& value, std::optional<double>& out) {
  double number = 0;
  const bool taken = take(value, number);
  out = value.is_number() ? std::optional(number) : std::nullopt;
  return taken;
}

}  // namespace

std::string to_json_line(const ProgressRecord& record) {
  nlohmann::ordered_json line = {{"version", kVersion}};
  visit_fields(record, [&](const char* name, const auto& value) { line[name] = to_value(value); });
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::optional<ProgressRecord> parse_progress_line(std::string_view line) {
  if (line.size() > kMaxLineBytes) {
    return std::nullopt;
  }
  const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || parsed.value("version", json()) != kVersion) {
    return std::nullopt;
  }
  ProgressRecord record;
  bool whole = true;
  visit_fields(record, [&](const char* name, auto& member) {
    const auto found = parsed.find(name);
    whole = whole && found != parsed.end() && take(*found, member);
  });
  return whole ? std::optional(std::move(record)) : std::nullopt;
}

std::vector<ProgressRecord> read_progress(const std::filesystem::path& path) {
  std::vector<ProgressRecord> records;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (auto record = parse_progress_line(line)) {
      records.push_back(std::move(*record));
    }
  }
  return records;
}

}  // namespace temper::run
