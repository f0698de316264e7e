#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/base_model.h"
#include "core/weights/gguf.h"
#include "core/weights/safetensors.h"

namespace temper::model {

/// Where one parameter of the architecture lies in the files.
struct StoredParameter {
  weights::TensorView view;
  /// 0, or the number of heads whose rows are stored in llama.cpp's interleaved order: (pair, half)
  /// within a head where Hugging Face has (half, pair).
  std::int64_t interleaved_heads = 0;
};

using StoredParameters = std::map<std::string, StoredParameter, std::less<>>;

/// The mapped files that hold a model's tensors; views point into them.
struct ModelFiles {
  std::vector<weights::SafetensorsFile> safetensors;
  std::optional<MappedFile> gguf;
};

/// A model whose parameters have been found in its files, or (open_config_only) a bare config.
class StoredModel final : public BaseModel {
 public:
  StoredModel(std::filesystem::path path, ModelConfig config, ModelFiles files,
              StoredParameters parameters);

  const ModelConfig& config() const override { return config_; }
  const std::filesystem::path& path() const override { return path_; }
  bool is_gguf() const override { return files_.gguf.has_value(); }
  std::uint64_t stored_bytes() const override;
  weights::DataType stored_type(std::string_view parameter) const override;
  std::span<const float> map_float32(std::string_view parameter) const override;
  void load_float32(std::string_view parameter, std::span<float> out) const override;
  void release_pages() const override;
  std::string fingerprint() const override;

 private:
  const StoredParameter& stored(std::string_view parameter) const;

  std::filesystem::path path_;
  ModelConfig config_;
  ModelFiles files_;
  StoredParameters parameters_;
};

/// Throws UserError unless the tensor is of a floating type and has the shape that the config asks
/// for. `origin` is the file.
void check_stored_tensor(const weights::TensorView& view, const std::vector<std::int64_t>& shape,
                         const std::string& origin);

}  // namespace temper::model
