#include "core/run/run_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace temper::run {
namespace {

constexpr std::string_view kStepPrefix = "step-";

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}
bool is_id_letter(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z');
}

}  // namespace

std::filesystem::path RunLayout::resolved_before(std::string_view attempt) const {
  return root / fmt::format("resolved.{}.yaml", attempt);
}

std::filesystem::path RunLayout::attempt_log(std::string_view attempt) const {
  return logs() / fmt::format("attempt-{}.log", attempt);
}

std::filesystem::path RunLayout::attempt_exit(std::string_view attempt) const {
  return logs() / fmt::format("attempt-{}.exit.json", attempt);
}

std::filesystem::path RunLayout::job(std::string_view extension) const {
  return root / fmt::format("job.{}", extension);
}

std::filesystem::path RunLayout::rank_log(int rank) const {
  return logs() / fmt::format("rank-{:04}.log", rank);
}

std::filesystem::path RunLayout::rank_trace(int rank) const {
  return traces() / fmt::format("rank-{:04}.json", rank);
}

std::filesystem::path RunLayout::checkpoint_adapter(std::int64_t step) const {
  return checkpoint_adapters() / fmt::format("{}{:08}", kStepPrefix, step);
}

std::string checkpoint_name(std::int64_t step, std::string_view attempt) {
  return fmt::format("{}{:08}.{}", kStepPrefix, step, attempt);
}

std::optional<CheckpointName> parse_checkpoint_name(std::string_view name) {
  const std::size_t point = name.find('.');
  if (!name.starts_with(kStepPrefix) || point == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(kStepPrefix.size(), point - kStepPrefix.size());
  const std::string_view attempt = name.substr(point + 1);
  constexpr std::size_t kMaxDigits = 18;  // fits int64
  if (digits.empty() || digits.size() > kMaxDigits || attempt.empty() ||
      !std::ranges::all_of(digits, is_digit) || !std::ranges::all_of(attempt, is_id_letter)) {
    return std::nullopt;
  }
  CheckpointName parsed{std::stoll(std::string(digits)), std::string(attempt)};
  // One spelling a step: "step-7.x" and "step-007.x" are not ours.
  return checkpoint_name(parsed.step, parsed.attempt) == name ? std::optional(std::move(parsed))
                                                              : std::nullopt;
}

std::string share_name(int rank, int num_ranks) {
  return fmt::format("state-{:05}-of-{:05}.safetensors", rank + 1, num_ranks);
}

std::string new_id() {
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t kLength = 8;
  std::random_device random;
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  std::string id(kLength, '0');
  std::ranges::generate(id, [&] { return kLetters[letter(random)]; });
  return id;
}

}  // namespace temper::run
