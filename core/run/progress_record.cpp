#include "core/run/progress_record.h"

#include <simdjson.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace temper::run {
namespace {

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

using simdjson::dom::element;

bool take(element value, std::string& out) {
  std::string_view text;
  const bool is_text = value.get(text) == simdjson::SUCCESS;
  out = text;
  return is_text;
}

bool take(element value, std::int64_t& out) {
  return value.get(out) == simdjson::SUCCESS;
}

bool take(element value, std::uint64_t& out) {
  return value.get(out) == simdjson::SUCCESS;
}

bool take(element value, double& out) {
  out = std::numeric_limits<double>::quiet_NaN();
  return value.is_null() || value.get(out) == simdjson::SUCCESS;
}

bool take(element value, std::optional<double>& out) {
  double number = 0;
  const bool taken = take(value, number);
  out = taken && !value.is_null() ? std::optional(number) : std::nullopt;
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
  // A run has a line for every step, and `temper list` reads them all.
  simdjson::dom::parser parser;
  simdjson::dom::object parsed;
  std::int64_t version = 0;
  if (parser.parse(line.data(), line.size()).get(parsed) != simdjson::SUCCESS ||
      parsed.at_key("version").get(version) != simdjson::SUCCESS || version != kVersion) {
    return std::nullopt;
  }
  ProgressRecord record;
  bool whole = true;
  visit_fields(record, [&](const char* name, auto& member) {
    element value;
    whole = whole && parsed.at_key(name).get(value) == simdjson::SUCCESS && take(value, member);
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
