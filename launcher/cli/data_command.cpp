#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/error.h"
#include "core/data/convert/conversion.h"
#include "core/data/convert/data_check.h"
#include "core/data/dataset.h"
#include "core/data/stream/open_source.h"
#include "core/data/stream/shard_access.h"
#include "core/hub/hub_store.h"
#include "core/storage/object_store.h"
#include "launcher/cli/json_line.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct DataOptions {
  std::string location;
  std::string destination;
  recipe::DataFormat format = recipe::DataFormat::kAuto;
  std::string to = "mds";
  std::string compression = "none";
  std::uint64_t shard_bytes = 1U << 26;
  bool json = false;
};

data::OpenStore opener(Context& context) {
  return [&context](const std::string& location) {
    return hub::open_any_store(location, store_options(context), context.clock);
  };
}

data::DataAccess access_of(Context& context) {
  data::DataAccess access;
  access.cache_dir = context.environment.cache_directory();
  access.cache_bytes = context.environment.cache_bytes();
  access.clock = &context.clock;
  access.open_store = opener(context);
  return access;
}

int index(Context& context, const DataOptions& options) {
  data::ShardAccess access(context.environment.cache_directory(), context.environment.cache_bytes(),
                           opener(context), context.clock);
  const data::StoredListing listing =
      data::list_source({options.location, options.format}, access.open_store);
  const auto summaries = data::summarize_files(access, listing.files, options.format);
  std::uint64_t num_records = 0;
  for (const data::FileSummary& summary : summaries) {
    for (const std::uint64_t count : summary.records) {
      num_records += count;
    }
  }
  const std::string json = data::serialize_data_index(summaries);
  hub::open_any_store(listing.root, store_options(context), context.clock)
      ->write(data::kDataIndexName, std::as_bytes(std::span(json)));
  const std::string name = fmt::format("{}/{}", listing.root, data::kDataIndexName);
  context.out
      << (options.json
              ? json_line({{"index", name}, {"files", summaries.size()}, {"records", num_records}})
              : fmt::format("{}: {} files, {} records", name, summaries.size(), num_records))
      << std::endl;
  return static_cast<int>(ExitCode::kDone);
}

std::string check_text(const std::string& location, const data::Dataset& dataset,
                       const data::DataReport& report) {
  std::string text = fmt::format("{}: {} records in {} shards, {} bytes, fingerprint {}\n",
                                 location, report.num_records, dataset.shard_sizes().size(),
                                 report.num_bytes, dataset.fingerprint());
  for (const auto& [keys, count] : report.by_keys) {
    text += fmt::format("  {} records with {}\n", count, keys);
  }
  for (const std::string& problem : report.problems) {
    text += fmt::format("  problem: {}\n", problem);
  }
  if (report.num_problems > report.problems.size()) {
    text += fmt::format("  and {} more\n", report.num_problems - report.problems.size());
  }
  return text;
}

std::string check_json(const std::string& location, const data::Dataset& dataset,
                       const data::DataReport& report) {
  return json_line({{"location", location},
                    {"records", report.num_records},
                    {"shards", dataset.shard_sizes().size()},
                    {"bytes", report.num_bytes},
                    {"fingerprint", dataset.fingerprint()},
                    {"records_by_keys", report.by_keys},
                    {"num_problems", report.num_problems},
                    {"problems", report.problems}}) +
         "\n";
}

int check(Context& context, const DataOptions& options) {
  constexpr std::size_t kListed = 20;
  const data::Dataset dataset({{options.location, options.format}}, access_of(context));
  const data::DataReport report = data::check_data(dataset, kListed);
  context.out << (options.json ? check_json(options.location, dataset, report)
                               : check_text(options.location, dataset, report))
              << std::flush;
  return static_cast<int>(report.num_problems == 0 ? ExitCode::kDone : ExitCode::kFatal);
}

int convert(Context& context, const DataOptions& options) {
  const data::Dataset dataset({{options.location, options.format}}, access_of(context));
  data::ConversionOptions conversion;
  conversion.compression =
      data::compression_named(options.compression).value_or(data::Compression::kNone);
  conversion.shard_bytes = options.shard_bytes;
  const auto destination =
      hub::open_any_store(options.destination, store_options(context), context.clock);
  const data::ConversionResult result =
      options.to == "mds" ? data::convert_to_mds(dataset, *destination, conversion)
                          : data::convert_to_jsonl(dataset, *destination, conversion);
  context.out << (options.json ? json_line({{"destination", options.destination},
                                            {"records", result.num_records},
                                            {"shards", result.num_shards}})
                               : fmt::format("{}: {} records in {} shards", options.destination,
                                             result.num_records, result.num_shards))
              << std::endl;
  return static_cast<int>(ExitCode::kDone);
}

/// One subcommand with the options that all have.
CLI::App& add_subcommand(CLI::App& app, Action& action, const std::string& name,
                         const std::string& help, const std::shared_ptr<DataOptions>& options,
                         int (*run)(Context&, const DataOptions&)) {
  CLI::App& subcommand = *app.add_subcommand(name, help);
  subcommand.add_option("LOCATION", options->location, "A file, folder, glob or URL of data")
      ->required();
  const std::map<std::string, recipe::DataFormat> formats = {
      {"auto", recipe::DataFormat::kAuto},
      {"jsonl", recipe::DataFormat::kJsonl},
      {"parquet", recipe::DataFormat::kParquet},
      {"mds", recipe::DataFormat::kMds}};
  subcommand.add_option("--format", options->format, "How it is stored: auto, jsonl, parquet, mds")
      ->transform(CLI::CheckedTransformer(formats));
  subcommand.add_flag("--json", options->json, "Print one JSON object");
  subcommand.callback([&action, options, run] {
    action = [options, run](Context& context) { return run(context, *options); };
  });
  return subcommand;
}

}  // namespace

void add_data(CLI::App& app, Action& action) {
  const auto options = std::make_shared<DataOptions>();
  app.require_subcommand(1);
  add_subcommand(app, action, "index",
                 "Count the records of files in a store and leave an index beside them", options,
                 &index);
  add_subcommand(app, action, "check", "Read every record and say what is wrong", options, &check);
  CLI::App& conversion = add_subcommand(
      app, action, "convert", "Write the data as MDS shards or JSON lines", options, &convert);
  conversion.add_option("DESTINATION", options->destination, "A folder or URL to write to")
      ->required();
  conversion.add_option("--to", options->to, "What to write: mds or jsonl")
      ->check(CLI::IsMember({"mds", "jsonl"}));
  conversion.add_option("--compression", options->compression, "none, zstd or gz")
      ->check(CLI::IsMember({"none", "zstd", "gz"}));
  constexpr std::uint64_t kLeastBytes = 1024;
  constexpr std::uint64_t kMostBytes = (std::uint64_t{1} << 32) - 1;  // positions are of 32 bits
  conversion
      .add_option("--shard-bytes", options->shard_bytes, "Size of a shard before compression")
      ->check(CLI::Range(kLeastBytes, kMostBytes));
}

}  // namespace temper::launch
