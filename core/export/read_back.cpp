#include "core/export/read_back.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>

#include "core/base/error.h"

namespace temper::exporting {
namespace {

[[noreturn]] void differs(const std::filesystem::path& path, const std::string& what) {
  throw RetryableError(
      fmt::format("{}: read back after writing, {}; the file is discarded. Check the disk and run "
                  "again",
                  path.string(), what));
}

void check_finite(const TrainedTensor& tensor) {
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    if (!std::isfinite(tensor.values[i])) {
      throw FatalError(fmt::format("{}: element {} of the trained tensor is {}; it is not exported",
                                   tensor.key, i, tensor.values[i]));
    }
  }
}

}  // namespace

void check_tensors(const weights::SafetensorsFile& file, const std::filesystem::path& path,
                   const std::vector<TrainedTensor>& trained) {
  for (const TrainedTensor& tensor : trained) {
    check_finite(tensor);
    const weights::TensorView* read = file.find(tensor.key);
    if (read == nullptr) {
      differs(path, fmt::format("it has no tensor {}", tensor.key));
    }
    if (read->type != weights::DataType::kF32 || read->shape != tensor.shape) {
      differs(path, fmt::format("tensor {} is {} [{}], not F32 [{}]", tensor.key,
                                weights::data_type_name(read->type), fmt::join(read->shape, ", "),
                                fmt::join(tensor.shape, ", ")));
    }
    if (read->bytes.size() != tensor.values.size_bytes() ||
        std::memcmp(read->bytes.data(), tensor.values.data(), read->bytes.size()) != 0) {
      differs(path, fmt::format("tensor {} has other values than the trained one", tensor.key));
    }
  }
  if (file.tensors().size() != trained.size()) {
    differs(path, fmt::format("it has {} tensors, not {}", file.tensors().size(), trained.size()));
  }
}

}  // namespace temper::exporting
