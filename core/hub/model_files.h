#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/hub/tree.h"

namespace temper::hub {

/// Which of a repository's files a base model needs: other formats of the same weights (.bin, ONNX,
/// GGUF beside safetensors), pictures and cards are left where they are.
struct ModelFiles {
  std::vector<TreeFile> config;   ///< config.json, tokenizer, chat template, generation config
  std::vector<TreeFile> weights;  ///< the safetensors file, or the index alone, or the GGUF file
  bool has_index = false;         ///< weights is the index; shards_of() tells the rest
  bool is_gguf = false;           ///< weights is all there is
};

/// Chooses among `files` (all of one commit). `path` is a folder of the repository, "" for its
/// root, or a .gguf file. A folder without safetensors but with exactly one GGUF file is that.
/// HubError kNoEntry, naming `url`, if there is no such folder or file, no config.json, only
/// weights in other formats, or several GGUF files. Without
/// `needs_weights` a folder of config and tokenizer alone will do.
ModelFiles choose_model_files(const std::vector<TreeFile>& files, const std::string& path,
                              const std::string& url, bool needs_weights = true);

/// The files that an index (model.safetensors.index.json) in `folder` names. HubError kNoEntry if
/// one is not among `files`: the repository is incomplete; kDamaged if it is no index.
std::vector<TreeFile> shards_of(std::string_view index_json, const std::vector<TreeFile>& files,
                                const std::string& folder, const std::string& url);

}  // namespace temper::hub
