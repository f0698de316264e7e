// How fast data is read, in processor time of one core.
//   data_read jsonl FILE        lines found and parsed (simdjson), MB/s
//   data_read parquet FILE      row groups decoded and turned into JSON lines, MB/s of them
//   data_read open LOCATION     the same files as a Dataset, every record read, cold and warm cache
//   data_read order N           ns an index of the epoch permutation, one by one and in ranges
// bench/data_compare.py runs it beside the peers.

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/data/dataset.h"
#include "core/data/line_index.h"
#include "core/data/parquet/parquet_library.h"
#include "core/data/permutation.h"

namespace {

using namespace temper;
using namespace temper::data;

/// Processor time, so that what else runs on the machine matters little; all here is one thread.
double seconds_of(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

void print_rate(const char* what, std::uint64_t bytes, double seconds) {
  fmt::print("{} {:.0f} MB/s ({} bytes in {:.3f} s)\n", what,
             static_cast<double>(bytes) / seconds / 1e6, bytes, seconds);
}

void bench_jsonl(const std::string& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  LineScanner lines;
  const double scanning = seconds_of([&] {
    lines.feed(bytes);
    lines.finish();
  });
  print_rate("jsonl scan", bytes.size(), scanning);
  simdjson::dom::parser parser;
  std::uint64_t fields = 0;
  const double parsing = seconds_of([&] {
    const auto& offsets = lines.offsets();
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      const std::size_t end = i + 1 < offsets.size() ? offsets[i + 1] : bytes.size();
      const std::string record(reinterpret_cast<const char*>(bytes.data()) + offsets[i],
                               end - offsets[i]);
      for (const auto field : simdjson::dom::object(parser.parse(record))) {
        fields += field.value.is_null() ? 0 : 1;
      }
    }
  });
  print_rate("jsonl scan and parse", bytes.size(), scanning + parsing);
  fmt::print("jsonl records {} fields {}\n", lines.offsets().size(), fields);
}

class FileInput final : public ParquetInput {
 public:
  explicit FileInput(const std::string& path) : file_(path) {}
  std::uint64_t size() const override { return file_.bytes().size(); }
  void read(std::uint64_t begin, std::span<std::byte> out) const override {
    std::copy_n(file_.bytes().data() + begin, out.size(), out.data());
  }

 private:
  MappedFile file_;
};

void bench_parquet(const std::string& path) {
  const FileInput input(path);
  open_parquet(input);  // loads Arrow, which Python has done at the import
  std::uint64_t bytes = 0;
  const double seconds = seconds_of([&] {
    const auto file = open_parquet(input);
    const std::size_t groups = file->row_group_rows().size();
    for (std::size_t group = 0; group < groups; ++group) {
      file->write_json_lines(static_cast<int>(group),
                             [&](std::string_view lines) { bytes += lines.size(); });
    }
  });
  print_rate("parquet to lines", bytes, seconds);
}

void bench_open(const std::string& location) {
  char folder[] = "/tmp/data_read_XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  for (const char* state : {"cold", "warm"}) {
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    const double seconds = seconds_of([&] {
      const Dataset dataset({{location, recipe::DataFormat::kAuto}}, folder);
      for (std::uint64_t i = 0; i < dataset.size(); ++i, ++records) {
        bytes += dataset.read(i).bytes.size();
      }
    });
    print_rate(fmt::format("open {}", state).c_str(), bytes, seconds);
    fmt::print("open records {}\n", records);
  }
  std::filesystem::remove_all(folder);
}

void bench_order(std::uint64_t n) {
  constexpr std::uint64_t kMost = 5'000'000;
  constexpr double kNanoseconds = 1e9;
  const std::uint64_t count = std::min(n, kMost);
  const Permutation permutation(n, 42);
  std::uint64_t sum = 0;
  const double single = seconds_of([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      sum += permutation(i);
    }
  });
  std::vector<std::uint64_t> values(count);
  const double ranged = seconds_of([&] { permutation.range(0, values); });
  for (const std::uint64_t value : values) {
    sum -= value;
  }
  fmt::print("order n {}: {:.1f} ns an index one by one, {:.1f} in a range ({})\n", n,
             single * kNanoseconds / static_cast<double>(count),
             ranged * kNanoseconds / static_cast<double>(count), sum == 0 ? "equal" : "DIFFERENT");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (argc != 3) {
    fmt::print(stderr, "usage: data_read jsonl|parquet|open|order WHAT\n");
    return 2;
  }
  try {
    if (arguments[1] == "jsonl") {
      bench_jsonl(arguments[2]);
    } else if (arguments[1] == "parquet") {
      bench_parquet(arguments[2]);
    } else if (arguments[1] == "open") {
      bench_open(arguments[2]);
    } else {
      bench_order(std::stoull(arguments[2]));
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "data_read: {}\n", error.what());
    return 1;
  }
  return 0;
}
