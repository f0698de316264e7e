#include "tests/core/data/stored_data.h"

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/data/mds/mds_writer.h"
#include "core/data/stream/file_summary.h"
#include "tests/core/data/compressed_text.h"

namespace temper::data {
namespace {

constexpr std::string_view kBucket = "fake://bucket";

/// The part of a store below a folder.
class StorePart final : public storage::ObjectStore {
 public:
  StorePart(storage::ObjectStore& whole, std::string folder)
      : whole_(whole), folder_(std::move(folder)) {}

  std::string url() const override {
    return whole_.url() + (folder_.empty() ? "" : "/" + folder_.substr(0, folder_.size() - 1));
  }
  std::optional<storage::ObjectState> state(std::string_view key) const override {
    return whole_.state(below(key));
  }
  std::optional<std::vector<std::byte>> read(std::string_view key) const override {
    return whole_.read(below(key));
  }
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override {
    whole_.read_range(below(key), begin, out);
  }
  void write(std::string_view key, std::span<const std::byte> bytes) override {
    whole_.write(below(key), bytes);
  }
  bool create_if_absent(std::string_view key, std::span<const std::byte> bytes) override {
    return whole_.create_if_absent(below(key), bytes);
  }
  std::vector<storage::ObjectInfo> list(std::string_view prefix) const override {
    auto objects = whole_.list(below(prefix));
    for (auto& object : objects) {
      object.key = object.key.substr(folder_.size());
    }
    return objects;
  }
  void remove(std::string_view key) override { whole_.remove(below(key)); }

 private:
  std::string below(std::string_view key) const { return folder_ + std::string(key); }
  storage::ObjectStore& whole_;
  std::string folder_;  // empty, or ends in '/'
};

std::string record(std::string_view source, std::uint64_t i) {
  return fmt::format(R"({{"text":"{} {}"}})", source, i);
}

void write_mds(storage::ObjectStore& store, const std::string& folder, Compression compression,
               std::uint64_t num_samples) {
  StorePart part(store, folder + "/");
  MdsWriter::Options options;
  options.compression = compression;
  options.size_limit_bytes = 700;
  MdsWriter writer(part, {{"text", MdsEncoding::parse("str")}}, options);
  for (std::uint64_t i = 0; i < num_samples; ++i) {
    const std::string text = fmt::format("{} {}", folder, i);
    writer.add(std::span(&text, 1));
  }
  writer.finish();
}

}  // namespace

OpenStore opener_of(storage::ObjectStore& store) {
  return [&store](const std::string& location) -> std::shared_ptr<const storage::ObjectStore> {
    if (!location.starts_with(kBucket)) {
      return storage::open_store(location);
    }
    std::string folder = location.substr(kBucket.size());
    folder = folder.empty() ? "" : folder.substr(1) + "/";
    return std::make_shared<const StorePart>(store, folder);
  };
}

void write_text(storage::ObjectStore& store, const std::string& key, const std::string& text) {
  store.write(key, std::as_bytes(std::span(text)));
}

StoredData::StoredData(storage::ObjectStore& store, std::uint64_t num_files,
                       std::uint64_t records_per_file) {
  write_lines(store, num_files, records_per_file);
  write_mds(store, "mds", Compression::kNone, records_per_file);
  write_mds(store, "mds-zstd", Compression::kZstd, records_per_file);
}

void StoredData::write_lines(storage::ObjectStore& store, std::uint64_t num_files,
                             std::uint64_t records_per_file) {
  std::vector<FileSummary> summaries;
  for (std::uint64_t file = 0; file < num_files; ++file) {
    std::string lines;
    for (std::uint64_t i = 0; i < records_per_file; ++i) {
      lines += record(fmt::format("file {}", file), i) + "\n";
    }
    const std::uint64_t form = file % 3;
    const std::string stored = form == 0 ? lines : form == 1 ? gzip(lines) : zstd(lines);
    const std::string ending = form == 0 ? "" : form == 1 ? ".gz" : ".zst";
    const std::string key = fmt::format("part-{:03}.jsonl{}", file, ending);
    write_text(store, "chats/" + key, stored);
    summaries.push_back({key, stored.size(), sha256_hex(lines), {records_per_file}});
  }
  write_text(store, fmt::format("chats/{}", kDataIndexName), serialize_data_index(summaries));
}

std::vector<recipe::DataSource> StoredData::sources() const {
  return {{"fake://bucket/chats", recipe::DataFormat::kAuto, {}},
          {"fake://bucket/mds", recipe::DataFormat::kAuto, {}},
          {"fake://bucket/mds-zstd/", recipe::DataFormat::kMds, {}}};
}

}  // namespace temper::data
