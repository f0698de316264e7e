#pragma once

#include <filesystem>

#include "core/export/staged_folder.h"

namespace temper::exporting {

/// The folder of a base model that is named by it or by its config.json; empty for a .gguf file,
/// whose tokenizer can't be copied as Hugging Face files.
std::filesystem::path base_folder(const std::filesystem::path& base);

/// Copies tokenizer files and generation_config.json of the base into `staged`; then the
/// file `chat_template`, if one is named, as chat_template.jinja. True if there was a tokenizer.
bool copy_companion_files(StagedFolder& staged, const std::filesystem::path& base,
                          const std::filesystem::path& chat_template);

}  // namespace temper::exporting
