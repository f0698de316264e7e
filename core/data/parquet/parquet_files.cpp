#include "core/data/parquet/parquet_files.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/parquet/parquet_library.h"
#include "core/data/stream/download.h"

namespace temper::data {
namespace {

class StoredInput final : public ParquetInput {
 public:
  StoredInput(const StoredFile& file, Clock& clock) : file_(file), clock_(clock) {}
  std::uint64_t size() const override { return file_.size_bytes; }
  void read(std::uint64_t begin, std::span<std::byte> out) const override {
    read_stored_range(file_, begin, out, clock_);
  }

 private:
  const StoredFile& file_;
  Clock& clock_;
};

[[noreturn]] void throw_damaged(const StoredFile& file, std::string_view problem) {
  throw FatalError(
      fmt::format("{}: the Parquet file is damaged or can't be read: {}; fetch or "
                  "write it again",
                  file.name, problem));
}

/// Runs `work`, what Arrow throws as a FatalError of the file.
template <class Work>
auto naming_the_file(const StoredFile& file, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw_damaged(file, error.what());
  }
}

/// sha256 of the footer, which says where everything is, and of the file's size. The footer:
/// metadata | u32 its size | "PAR1".
std::string footer_sha256(const StoredFile& file, Clock& clock) {
  constexpr std::string_view kMagic = "PAR1";
  constexpr std::size_t kTailBytes = 8;
  std::vector<std::byte> tail(kTailBytes);
  if (file.size_bytes < kTailBytes) {
    throw_damaged(file, fmt::format("it has {} bytes", file.size_bytes));
  }
  read_stored_range(file, file.size_bytes - kTailBytes, tail, clock);
  std::uint32_t size = 0;
  std::memcpy(&size, tail.data(), sizeof(size));
  if (std::memcmp(tail.data() + sizeof(size), kMagic.data(), kMagic.size()) != 0 ||
      size > file.size_bytes - kTailBytes) {
    throw_damaged(file, "it does not end as Parquet does");
  }
  std::vector<std::byte> footer(size);
  read_stored_range(file, file.size_bytes - kTailBytes - size, footer, clock);
  Sha256 hash;
  hash.update(footer);
  hash.update(std::as_bytes(std::span(&file.size_bytes, 1)));
  return hash.hex_digest();
}

CachedContent bring(ShardAccess& access, const StoredFile& file, const std::string& sha256,
                    int row_group, std::uint64_t expected_bytes) {
  const std::string name =
      cache_entry_name(fmt::format("parquet {} {} {}", file.identity(), sha256, row_group));
  return access.cache.get(name, expected_bytes, [&](CacheEntryWriter& out) {
    out.clear();
    if (footer_sha256(file, access.clock) != sha256) {
      throw FatalError(fmt::format(
          "{}: changed since it was listed. Put it back, or if the change is meant, run `temper "
          "data index` on its folder again (if it has an index) and start a new run",
          file.name));
    }
    const StoredInput input(file, access.clock);
    naming_the_file(file, [&] {
      open_parquet(input)->write_json_lines(row_group, [&out](std::string_view lines) {
        out.append(std::as_bytes(std::span(lines)));
      });
    });
  });
}

}  // namespace

FileSummary summarize_parquet(ShardAccess& access, const StoredFile& file) {
  FileSummary summary{file.key, file.size_bytes, footer_sha256(file, access.clock), {}};
  const StoredInput input(file, access.clock);
  summary.records = naming_the_file(file, [&] { return open_parquet(input)->row_group_rows(); });
  return summary;
}

std::vector<std::unique_ptr<ShardReader>> open_stored_parquet(
    const std::shared_ptr<ShardAccess>& access, const StoredFile& file,
    const FileSummary& summary) {
  std::vector<std::unique_ptr<ShardReader>> shards;
  std::uint64_t first_row = 1;
  const std::uint64_t mean_bytes =
      file.size_bytes / std::max<std::size_t>(1, summary.records.size());
  for (std::size_t group = 0; group < summary.records.size(); ++group) {
    StreamedShard shard;
    shard.num_records = summary.records[group];
    shard.fingerprint = sha256_hex(fmt::format("{} {}", summary.sha256, group));
    shard.fetch_bytes = mean_bytes;
    shard.name = fmt::format("{} (row group {})", file.name, group);
    shard.open = [&access = *access, file, sha256 = summary.sha256, group, mean_bytes, first_row] {
      return make_line_table(bring(access, file, sha256, static_cast<int>(group), mean_bytes),
                             file.name, first_row);
    };
    first_row += shard.num_records;
    shards.push_back(make_streamed_shard(access, std::move(shard)));
  }
  return shards;
}

}  // namespace temper::data
