#include "core/model/base_model.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/gguf_model.h"
#include "core/model/model_folder.h"
#include "core/model/stored_model.h"

namespace temper::model {
namespace {

bool is_gguf_file(const std::filesystem::path& path) {
  return path.extension() == ".gguf" && std::filesystem::is_regular_file(path);
}

void check_folder(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    throw UserError(fmt::format("{}: there is no such file or folder", path.string()));
  }
  if (!std::filesystem::is_directory(path)) {
    throw UserError(
        fmt::format("{}: is neither a Hugging Face folder nor a .gguf file", path.string()));
  }
  if (!std::filesystem::exists(path / "config.json")) {
    throw UserError(fmt::format("{}: has no config.json, so it is no Hugging Face model folder",
                                path.string()));
  }
}

}  // namespace

std::unique_ptr<BaseModel> BaseModel::open(const std::filesystem::path& path) {
  if (is_gguf_file(path)) {
    return open_gguf_model(path);
  }
  check_folder(path);
  return open_model_folder(path);
}

std::unique_ptr<BaseModel> BaseModel::open_config_only(const std::filesystem::path& path) {
  if (is_gguf_file(path)) {
    ModelFiles files;
    weights::GgufFile file(path);
    ModelConfig config = read_gguf_config(file);
    files.gguf.emplace(std::move(file).take_file());
    return std::make_unique<StoredModel>(path, std::move(config), std::move(files),
                                         StoredParameters{});
  }
  const bool names_config =
      path.filename() == "config.json" && std::filesystem::is_regular_file(path);
  const std::filesystem::path folder = names_config ? path.parent_path() : path;
  check_folder(folder.empty() ? "." : folder);
  return std::make_unique<StoredModel>(folder, read_config_json(folder / "config.json"),
                                       ModelFiles{}, StoredParameters{});
}

}  // namespace temper::model
