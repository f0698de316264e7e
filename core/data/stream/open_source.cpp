#include "core/data/stream/open_source.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/data/mds/mds_index.h"
#include "core/data/parquet/parquet_files.h"
#include "core/data/source_files.h"
#include "core/data/stream/jsonl_files.h"
#include "core/data/stream/kept_summaries.h"
#include "core/data/stream/mds_files.h"
#include "core/storage/cloud/parallel.h"

namespace temper::data {
namespace {

using recipe::DataFormat;
using Shards = std::vector<std::unique_ptr<ShardReader>>;

void append(Shards& shards, Shards more) {
  std::move(more.begin(), more.end(), std::back_inserter(shards));
}

DataFormat format_of(const std::string& key, DataFormat given) {
  return given == DataFormat::kAuto ? format_of_file(key) : given;
}

/// The index.json of an MDS data set at this path, if there is one.
std::optional<StoredFile> find_mds_index(const recipe::DataSource& source,
                                         const OpenStore& open_store) {
  const bool may_be_mds =
      source.format == DataFormat::kMds ||
      (source.format == DataFormat::kAuto && format_of_file(source.path) == DataFormat::kAuto);
  if (!may_be_mds || source.path.find_first_of("*?[") != std::string::npos) {
    return std::nullopt;
  }
  const std::string ending = fmt::format("/{}", kMdsIndexName);
  if (source.path.ends_with(ending)) {
    return find_stored_file(open_store, source.path);
  }
  const std::string folder = source.path.substr(0, source.path.find_last_not_of('/') + 1);
  return find_stored_file(open_store, folder + ending);
}

/// What the data index beside the files says of each, by key. UserError if a file has changed.
std::map<std::string, FileSummary> read_data_index(const StoredListing& listing) {
  std::map<std::string, FileSummary> by_key;
  const auto bytes = listing.store->read(kDataIndexName);
  if (!bytes) {
    return by_key;
  }
  const std::string name = fmt::format("{}/{}", listing.store->url(), kDataIndexName);
  for (FileSummary& summary :
       parse_data_index({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, name)) {
    by_key[summary.key] = std::move(summary);
  }
  for (const StoredFile& file : listing.files) {
    const auto found = by_key.find(file.key);
    if (found != by_key.end() && found->second.size_bytes != file.size_bytes) {
      throw UserError(fmt::format(
          "{}: has {} bytes, but {} when its index was made; run `temper data index {}` again, or "
          "put the file back",
          file.name, file.size_bytes, found->second.size_bytes, listing.root));
    }
  }
  return by_key;
}

FileSummary summarize(ShardAccess& access, const StoredFile& file, DataFormat format) {
  return format_of(file.key, format) == DataFormat::kParquet ? summarize_parquet(access, file)
                                                             : summarize_jsonl(access, file);
}

Shards open_files(const std::vector<StoredFile>& files, const std::vector<FileSummary>& summaries,
                  DataFormat format, const std::shared_ptr<ShardAccess>& access) {
  Shards shards;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (format_of(files[i].key, format) == DataFormat::kParquet) {
      append(shards, open_stored_parquet(access, files[i], summaries[i]));
    } else {
      shards.push_back(open_stored_jsonl(access, files[i], summaries[i]));
    }
  }
  return shards;
}

Shards open_in_store(const recipe::DataSource& source, const std::shared_ptr<ShardAccess>& access) {
  StoredListing listing = list_source(source, access->open_store);
  const auto indexed = read_data_index(listing);
  std::vector<FileSummary> summaries(listing.files.size());
  storage::run_parallel(summaries.size(), [&](std::size_t i) {
    StoredFile& file = listing.files[i];
    const auto found = indexed.find(file.key);
    if (found != indexed.end()) {
      summaries[i] = found->second;
    } else {
      file = look_up(file);
      summaries[i] = kept_summary(access->cache_dir, file,
                                  [&] { return summarize(*access, file, source.format); });
    }
    // A lying index must not make us ask for a shard that is not there.
    if (format_of(file.key, source.format) != DataFormat::kParquet &&
        summaries[i].records.size() != 1) {
      throw FatalError(
          fmt::format("{}: the index gives it {} counts of records, not one; run `temper data "
                      "index {}` again",
                      file.name, summaries[i].records.size(), listing.root));
    }
  });
  return open_files(listing.files, summaries, source.format, access);
}

Shards open_on_this_machine(const recipe::DataSource& source,
                            const std::shared_ptr<ShardAccess>& access) {
  Shards shards;
  for (const auto& path : list_source_files(source)) {
    if (format_of(path.string(), source.format) == DataFormat::kParquet) {
      const auto file = find_stored_file(access->open_store, path.string());
      if (!file) {
        throw UserError(fmt::format("{}: is no file that can be read", path.string()));
      }
      append(shards, open_stored_parquet(access, *file, summarize_parquet(*access, *file)));
    } else {
      shards.push_back(open_jsonl_shard(path, access->cache_dir));
    }
  }
  return shards;
}

}  // namespace

StoredListing list_source(const recipe::DataSource& source, const OpenStore& open_store) {
  const auto is_wanted = [&](std::string_view key) {
    return !key.starts_with('.') && format_of_file(key) != DataFormat::kAuto;
  };
  StoredListing listing = list_stored_files(open_store, source.path, is_wanted);
  if (listing.files.empty()) {
    throw UserError(fmt::format(
        "{}: there is no such object, no object below it that ends in {}, and none matches it as "
        "a pattern",
        source.path, known_endings()));
  }
  for (const StoredFile& file : listing.files) {
    if (format_of(file.key, source.format) == DataFormat::kAuto) {
      throw UserError(
          fmt::format("{}: unknown ending; known are {}. Rename it, or say format: "
                      "jsonl or parquet",
                      file.name, known_endings()));
    }
  }
  return listing;
}

std::vector<FileSummary> summarize_files(ShardAccess& access, const std::vector<StoredFile>& files,
                                         DataFormat format) {
  std::vector<FileSummary> summaries(files.size());
  storage::run_parallel(files.size(), [&](std::size_t i) {
    summaries[i] = summarize(access, look_up(files[i]), format);
  });
  return summaries;
}

std::vector<std::unique_ptr<ShardReader>> open_source(const recipe::DataSource& source,
                                                      const std::shared_ptr<ShardAccess>& access) {
  if (const auto index = find_mds_index(source, access->open_store)) {
    return open_mds_shards(access, *index);
  }
  if (source.format == DataFormat::kMds) {
    throw UserError(
        fmt::format("{}: format is mds, but there is no {}; give the folder that has it",
                    source.path, kMdsIndexName));
  }
  return is_url(source.path) ? open_in_store(source, access) : open_on_this_machine(source, access);
}

}  // namespace temper::data
