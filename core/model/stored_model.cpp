#include "core/model/stored_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/hash.h"

namespace temper::model {
namespace {

constexpr std::size_t kSampledBytes = 4096;

// Undoes `permute` of llama.cpp's convert_hf_to_gguf.py, which stores row (half, pair) of a head as
// row (pair, half) so that the two elements it rotates together are neighbours.
void load_interleaved(const StoredParameter& stored, std::span<float> out) {
  const std::int64_t rows = stored.view.shape.front();
  const std::int64_t head_rows = rows / stored.interleaved_heads;
  const std::int64_t half_rows = head_rows / 2;
  const std::size_t row_length = out.size() / static_cast<std::size_t>(rows);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t head = row / head_rows;
    const std::int64_t half = row % head_rows / half_rows;
    const std::int64_t pair = row % half_rows;
    const std::int64_t stored_row = head * head_rows + 2 * pair + half;
    weights::to_float32(stored.view, stored_row, stored_row + 1,
                        out.subspan(static_cast<std::size_t>(row) * row_length, row_length));
  }
}

}  // namespace

StoredModel::StoredModel(std::filesystem::path path, ModelConfig config, ModelFiles files,
                         StoredParameters parameters)
    : path_(std::move(path)),
      config_(std::move(config)),
      files_(std::move(files)),
      parameters_(std::move(parameters)) {}

std::uint64_t StoredModel::stored_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, stored] : parameters_) {
    bytes += stored.view.bytes.size();
  }
  return bytes;
}

weights::DataType StoredModel::stored_type(std::string_view parameter) const {
  return stored(parameter).view.type;
}

std::span<const float> StoredModel::map_float32(std::string_view parameter) const {
  const StoredParameter& found = stored(parameter);
  const std::span<const std::byte> bytes = found.view.bytes;
  if (found.view.type != weights::DataType::kF32 || found.interleaved_heads != 0 ||
      reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(float) != 0) {
    return {};
  }
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

void StoredModel::load_float32(std::string_view parameter, std::span<float> out) const {
  const StoredParameter& found = stored(parameter);
  CHECK(out.size() == static_cast<std::size_t>(found.view.num_elements()), "{}: {} into {}",
        parameter, weights::shape_text(found.view.shape), out.size());
  if (found.interleaved_heads != 0) {
    load_interleaved(found, out);
  } else {
    weights::to_float32(found.view, 0, found.view.shape.front(), out);
  }
}

void StoredModel::release_pages() const {
  for (const weights::SafetensorsFile& file : files_.safetensors) {
    file.release_pages();
  }
  if (files_.gguf) {
    files_.gguf->release_pages();
  }
}

std::string StoredModel::fingerprint() const {
  Sha256 hash;
  const auto add = [&hash](std::string_view text) { hash.update(std::as_bytes(std::span(text))); };
  add(config_json(config_));
  for (const auto& [name, stored] : parameters_) {
    const std::span<const std::byte> bytes = stored.view.bytes;
    const std::size_t sampled = std::min(kSampledBytes, bytes.size());
    add(fmt::format("{} {} {} {}\n", name, weights::data_type_name(stored.view.type),
                    weights::shape_text(stored.view.shape), bytes.size()));
    hash.update(bytes.first(sampled));
    hash.update(bytes.last(sampled));
  }
  return hash.hex_digest();
}

const StoredParameter& StoredModel::stored(std::string_view parameter) const {
  const auto found = parameters_.find(parameter);
  CHECK(found != parameters_.end(), "{}: no weights of '{}'", path_.string(), parameter);
  return found->second;
}

void check_stored_tensor(const weights::TensorView& view, const std::vector<std::int64_t>& shape,
                         const std::string& origin) {
  if (view.shape != shape) {
    throw UserError(fmt::format("{}: tensor '{}' has the shape {}, the config asks for {}", origin,
                                view.name, weights::shape_text(view.shape),
                                weights::shape_text(shape)));
  }
  const bool quantised_vector = shape.size() == 1 && weights::block_length(view.type) != 1;
  if (!weights::is_floating(view.type) || quantised_vector) {
    throw UserError(fmt::format("{}: tensor '{}' is stored as {}, which is not supported", origin,
                                view.name, weights::data_type_name(view.type)));
  }
}

}  // namespace temper::model
