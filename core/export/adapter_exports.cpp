#include "core/export/adapter_exports.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/export/adapter_export.h"
#include "core/export/adapter_tensors.h"
#include "core/export/check_record.h"
#include "core/export/gguf_adapter.h"
#include "core/export/lora_fold.h"
#include "core/export/staged_folder.h"
#include "core/weights/gguf.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

LoraFacts facts_of(const FoldedAdapter& adapter) {
  LoraFacts facts;
  facts.alpha = adapter.alpha;
  facts.num_modules = static_cast<std::int64_t>(adapter.modules.size());
  for (const FoldedModule& module : adapter.modules) {
    facts.rank = std::max(facts.rank, module.target.rank);
    facts.num_parameters += static_cast<std::int64_t>(module.a.size() + module.b.size());
  }
  return facts;
}

void check_written(const fs::path& path, const std::vector<std::byte>& expected) {
  const weights::GgufFile file(path);
  const MappedFile image(path);
  if (file.tensors().empty() || image.bytes().size() != expected.size() ||
      std::memcmp(image.bytes().data(), expected.data(), expected.size()) != 0) {
    throw RetryableError(path.string() +
                         ": read back after writing, it has other bytes; check the disk and run "
                         "again");
  }
}

}  // namespace

void copy_adapter(const fs::path& adapter, const fs::path& folder) {
  const bool checked = read_check_record(adapter).has_value();
  if (checked) {
    require_checked(adapter);
  }
  StagedFolder staged(folder);
  for (const fs::directory_entry& entry : fs::directory_iterator(adapter)) {
    if (entry.is_regular_file()) {
      staged.write(entry.path().filename().string(), MappedFile(entry.path()).bytes());
    }
  }
  if (checked) {
    require_checked(staged.staging());
  }
  staged.publish();
}

void export_portable(const fs::path& folder, const ConvertedAdapter& converted) {
  FoldedAdapter folded = fold_scalings(converted.adapter);
  AdapterExport portable;
  portable.settings.rank = pad_ranks(folded);
  portable.settings.alpha = folded.alpha;
  portable.settings.dropout = converted.adapter.config().settings.dropout;
  portable.config = converted.base;
  portable.base_name = converted.adapter.config().base_name;
  portable.base_fingerprint = converted.base_fingerprint;
  for (const FoldedModule& module : folded.modules) {
    portable.modules.push_back({module.target, module.a, module.b});
  }
  portable.expect_change = false;  // the adapter's own gate has looked
  portable.facts = converted.facts;
  portable.facts.note =
      "Ranks and scalings are folded into the matrices: one rank and alpha / rank hold for every "
      "module, as vLLM and llama.cpp expect.";
  export_adapter(folder, portable);
}

void export_gguf_adapter(const fs::path& folder, const ConvertedAdapter& converted) {
  const FoldedAdapter folded = fold_scalings(converted.adapter);
  const std::vector<std::byte> image = gguf_adapter(folded, converted.base, converted.facts.title);
  StagedFolder staged(folder);
  staged.write(kGgufAdapterFile, image);
  check_written(staged.staging() / kGgufAdapterFile, image);
  staged.write("README.md", gguf_adapter_card(converted.facts, facts_of(folded), kGgufAdapterFile));
  write_check_record(staged, {.kind = "adapter", .base_fingerprint = converted.base_fingerprint});
  staged.publish();
}

}  // namespace temper::exporting
