#include "core/weights/safetensors_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "core/base/file_error.h"
#include "core/weights/safetensors.h"

namespace temper::weights {

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path, std::vector<TensorView> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : path_(std::move(path)),
      tensors_(std::move(tensors)),
      fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) {
  if (!fd_.valid()) {
    throw FileError("create", path_, errno);
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
  const std::string preamble = safetensors_preamble(tensors_, metadata);
  write(std::as_bytes(std::span(preamble)));
}

void SafetensorsWriter::append(std::span<const std::byte> bytes) {
  CHECK(next_ < tensors_.size(), "{}: a tensor too many", path_.string());
  const TensorView& tensor = tensors_[next_++];
  CHECK(checked_size_in_bytes(tensor.type, tensor.shape) == bytes.size(), "{}: {} bytes",
        tensor.name, bytes.size());
  write(bytes);
}

std::string SafetensorsWriter::finish() {
  CHECK(next_ == tensors_.size(), "{}: {} of {} tensors", path_.string(), next_, tensors_.size());
  if (::fsync(fd_.get()) != 0) {
    throw FileError("write", path_, errno);
  }
  return hash_.hex_digest();
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  hash_.update(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      throw FileError("write", path_, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
}

}  // namespace temper::weights
