#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/export/model_card.h"
#include "core/model/base_model.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// What is exported: a trained adapter, the base that it belongs to, and what is known of it.
struct ExportSource {
  std::filesystem::path adapter;        ///< a PEFT folder
  std::string base;                     ///< as the recipe or the adapter names it; may be empty
  std::filesystem::path chat_template;  ///< in place of the base's; may be empty
  exporting::CardFacts facts;
};

/// The adapter of a finished run (folder, id, name or URL in a bucket, whose adapter is then
/// brought here), or a PEFT adapter's own folder. UserError if there is no such run, it is not
/// finished, or it trained all weights; FatalError if the adapter is not the one that passed the
/// gate.
ExportSource find_export_source(Context& context, const std::string& runs_root,
                                const std::string& wanted);

/// The base model of `source`, or the one at `given` (a folder, a .gguf file, a URL) if that is not
/// empty. UserError if it is not where the run had it, or has other weights than the run's had;
/// only a warning if the user gave it.
std::unique_ptr<model::BaseModel> open_export_base(Context& context, const ExportSource& source,
                                                   const std::string& given);

}  // namespace temper::launch
