#include "tests/core/data/mds_test_data.h"

#include <cstdint>

namespace temper::data {
namespace {

template <class Number>
void append(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

std::string stored_int(std::int64_t value) {
  std::string out;
  append(out, value);
  return out;
}

std::string stored_words(const std::vector<std::uint32_t>& words) {
  std::string out;
  for (const std::uint32_t word : words) {
    append(out, word);
  }
  return out;
}

std::string stored_int32_array(const std::vector<std::int32_t>& values) {
  std::string out;
  out += '\x04';  // one dimension, in a byte
  out += static_cast<char>(values.size());
  for (const std::int32_t value : values) {
    append(out, value);
  }
  return out;
}

std::vector<MdsColumn> golden_columns() {
  return {{"id", MdsEncoding::parse("int")},
          {"text", MdsEncoding::parse("str")},
          {"tokens", MdsEncoding::parse("ndarray:int32")}};
}

std::vector<std::vector<std::string>> golden_samples() {
  return {{stored_int(7), "hi", stored_int32_array({1, 2, 3})},
          {stored_int(-1), "é", stored_int32_array({65536})}};
}

}  // namespace temper::data
