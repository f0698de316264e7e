#include "tests/core/data/letter_dataset.h"

#include <fmt/format.h>

namespace temper::data {

LetterDataset::LetterDataset(const std::vector<std::vector<std::string>>& shards)
    : dataset_(write(shards), folder_ / "cache") {}

std::vector<recipe::DataSource> LetterDataset::write(
    const std::vector<std::vector<std::string>>& shards) const {
  for (std::size_t s = 0; s < shards.size(); ++s) {
    std::string lines;
    for (const std::string& record : shards[s]) {
      lines += record + "\n";
    }
    testing::write_file(folder_ / fmt::format("shard-{:04}.jsonl", s), lines);
  }
  return {{folder_.path().string(), recipe::DataFormat::kAuto}};
}

std::vector<std::vector<std::string>> numbered_records(const std::vector<std::uint64_t>& sizes) {
  const auto letter = [](std::uint64_t digit) { return static_cast<char>('A' + digit % 26); };
  std::vector<std::vector<std::string>> shards;
  for (std::uint64_t s = 0; s < sizes.size(); ++s) {
    auto& records = shards.emplace_back();
    for (std::uint64_t i = 0; i < sizes[s]; ++i) {
      records.push_back({'x', letter(s), letter(i / 26), letter(i)});
    }
  }
  return shards;
}

}  // namespace temper::data
