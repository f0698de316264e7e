#include "core/export/companion_files.h"

#include <array>

#include "core/base/mapped_file.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;

// What a Hugging Face folder holds besides the weights; a tokenizer is in one of the first three.
constexpr std::array kTokenizerFiles = {"tokenizer.json", "tokenizer.model", "vocab.json"};
constexpr std::array kCompanionFiles = {
    "merges.txt",        "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja",   "generation_config.json"};

bool copy_file(StagedFolder& staged, const fs::path& folder, const char* name) {
  if (!fs::is_regular_file(folder / name)) {
    return false;
  }
  staged.write(name, MappedFile(folder / name).bytes());
  return true;
}

}  // namespace

fs::path base_folder(const fs::path& base) {
  const fs::path folder = base.filename() == "config.json" ? base.parent_path() : base;
  return fs::is_directory(folder) ? folder : fs::path();
}

bool copy_companion_files(StagedFolder& staged, const fs::path& base,
                          const fs::path& chat_template) {
  const fs::path folder = base_folder(base);
  bool has_tokenizer = false;
  if (!folder.empty()) {
    for (const char* name : kTokenizerFiles) {
      has_tokenizer = copy_file(staged, folder, name) || has_tokenizer;
    }
    for (const char* name : kCompanionFiles) {
      copy_file(staged, folder, name);
    }
  }
  if (!chat_template.empty()) {
    staged.write("chat_template.jinja", MappedFile(chat_template).bytes());
  }
  return has_tokenizer;
}

}  // namespace temper::exporting
