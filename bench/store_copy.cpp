// store_copy upload FILE URL | store_copy download URL FOLDER: one object to a store, or into the
// cache at FOLDER as a model base comes; the seconds that it took to stdout. For
// bench/storage_throughput.py.

#include <fmt/format.h>

#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/storage/local_copy.h"
#include "core/storage/open_store.h"

namespace {

/// "gs://bucket/a/b" -> "gs://bucket/a" and "b".
std::pair<std::string, std::string> split(const std::string& url) {
  const std::size_t slash = url.rfind('/');
  return {url.substr(0, slash), url.substr(slash + 1)};
}

double upload(const std::string& file, const std::string& url, temper::Clock& clock) {
  const temper::MappedFile content(file);
  const auto [folder, key] = split(url);
  const auto store = temper::storage::open_store(folder, {}, clock);
  const auto begin = clock.steady_now();
  store->write(key, content.bytes());
  return std::chrono::duration<double>(clock.steady_now() - begin).count();
}

double download(const std::string& url, const std::string& folder, temper::Clock& clock) {
  const auto begin = clock.steady_now();
  temper::storage::local_copy(url, folder, {}, clock);
  return std::chrono::duration<double>(clock.steady_now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    throw temper::UserError("usage: store_copy upload FILE URL | store_copy download URL FOLDER");
  }
  temper::SystemClock clock;
  const bool up = std::string_view(argv[1]) == "upload";
  fmt::print("{:.4f}\n", up ? upload(argv[2], argv[3], clock) : download(argv[2], argv[3], clock));
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "store_copy: {}\n", error.what());
  return static_cast<int>(temper::exit_code_of(error));
}
