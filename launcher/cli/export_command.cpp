#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/export/adapter_exports.h"
#include "core/export/merged_export.h"
#include "launcher/cli/export_source.h"
#include "launcher/cli/json_line.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

enum class Form { kPeft, kPeftPortable, kMerged, kGgufAdapter };

const std::map<std::string, Form> kForms = {{"peft", Form::kPeft},
                                            {"peft-portable", Form::kPeftPortable},
                                            {"merged", Form::kMerged},
                                            {"gguf-adapter", Form::kGgufAdapter}};

const std::map<std::string, std::optional<weights::DataType>> kTypes = {
    {"base", std::nullopt},
    {"fp32", weights::DataType::kF32},
    {"bf16", weights::DataType::kBF16},
    {"fp16", weights::DataType::kF16}};

struct ExportOptions {
  std::string run;
  std::string runs_root = "runs";
  std::string form;
  std::string out;
  std::string base;
  std::string type = "base";
  std::uint64_t shard_bytes = 5'000'000'000;
  bool json = false;
};

/// Only a new folder, so that nothing of the user's is replaced.
fs::path output_folder(const ExportOptions& options) {
  const fs::path folder = options.out;
  std::error_code absent;
  if (fs::exists(fs::symlink_status(folder, absent))) {
    throw UserError(fmt::format("--out: {} exists already; name a new folder", folder.string()));
  }
  return folder;
}

int run_export(Context& context, const ExportOptions& options) {
  const fs::path folder = output_folder(options);
  const Form form = kForms.at(options.form);
  const ExportSource source = find_export_source(context, options.runs_root, options.run);
  if (form == Form::kPeft) {
    exporting::copy_adapter(source.adapter, folder);
  } else {
    const auto base = open_export_base(context, source, options.base);
    const exporting::AdapterFolder adapter(source.adapter, base->config());
    const exporting::ConvertedAdapter converted{adapter, base->config(), base->fingerprint(),
                                                source.facts};
    if (form == Form::kMerged) {
      exporting::export_merged(folder, {adapter, *base, kTypes.at(options.type),
                                        options.shard_bytes, source.chat_template, source.facts});
    } else if (form == Form::kPeftPortable) {
      exporting::export_portable(folder, converted);
    } else {
      exporting::export_gguf_adapter(folder, converted);
    }
  }
  context.out << (options.json ? json_line({{"form", options.form}, {"folder", folder.string()}})
                               : fmt::format("{}: {}", options.form, folder.string()))
              << std::endl;
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  const auto options = std::make_shared<ExportOptions>();
  app.add_option("RUN", options->run,
                 "A finished run (folder, id, name or URL in a bucket), or a PEFT adapter's folder")
      ->required();
  app.add_option("--to", options->form,
                 "peft: the adapter as it is; peft-portable: with one rank and scaling, for vLLM "
                 "and converters; merged: a whole model; gguf-adapter: for llama.cpp")
      ->required()
      ->check(CLI::IsMember(kForms));
  app.add_option("--out", options->out, "A new folder for it")->required();
  app.add_option("--base", options->base,
                 "Where the base model is, if not where the run had it (folder, .gguf file, URL)");
  app.add_option("--dtype", options->type,
                 "merged: numbers that are written (default: base, as the base stores each "
                 "tensor; quantised ones become fp32)")
      ->check(CLI::IsMember(kTypes));
  app.add_option("--shard-size", options->shard_bytes,
                 "merged: the most bytes of tensors in one file, like 5GB (default)")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber);
  app.add_option("--runs", options->runs_root,
                 "The folder of runs, or its URL in a bucket (default: runs)");
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return run_export(context, *options); };
  });
}

}  // namespace temper::launch
