#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model_config.h"
#include "core/weights/tensor_file.h"

namespace temper::model {

/// A base model on disk: a Hugging Face folder (config.json, one or sharded safetensors, tokenizer
/// files) or a .gguf file. Opening reads headers only; weights are mapped. Immutable, thread-safe.
class BaseModel {
 public:
  /// UserError naming the path and what is missing or wrong (no config.json, unknown architecture,
  /// a tensor that is missing or whose shape does not fit the config).
  static std::unique_ptr<BaseModel> open(const std::filesystem::path& path);
  /// Only config.json and tokenizer (model.init: random); load() then is not allowed.
  static std::unique_ptr<BaseModel> open_config_only(const std::filesystem::path& path);
  virtual ~BaseModel() = default;

  virtual const ModelConfig& config() const = 0;
  virtual const std::filesystem::path& path() const = 0;
  virtual bool is_gguf() const = 0;

  /// Bytes of the weights as stored.
  virtual std::uint64_t stored_bytes() const = 0;

  /// How the parameter is stored.
  virtual weights::DataType stored_type(std::string_view parameter) const = 0;

  /// The stored tensor for a Hugging Face parameter name if it can be used in place as fp32 [out,
  /// in]: F32, contiguous, aligned for a float, rows in Hugging Face order. Else an empty span.
  virtual std::span<const float> map_float32(std::string_view parameter) const = 0;

  /// Converts the parameter to fp32 into `out` (Hugging Face layout; GGUF's q and k rows put back
  /// in rotate-half order). CHECKs the size.
  virtual void load_float32(std::string_view parameter, std::span<float> out) const = 0;

  /// Gives back the memory of what was read and copied; what is used in place comes again by itself
  /// (MappedFile::release_pages).
  virtual void release_pages() const = 0;

  /// sha256 over the config and the list of (name, dtype, shape, size, first and last 4 KiB of
  /// data): a cheap fingerprint to notice another base on resume.
  virtual std::string fingerprint() const = 0;
};

}  // namespace temper::model
