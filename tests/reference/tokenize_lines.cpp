// Runs a tokenizer over a file of JSON strings, for the comparison scripts.
// tokenize_lines encode TOKENIZER FILE   one JSON line a string: ids, tokens, byte offsets, decoded
// texts tokenize_lines speed  TOKENIZER FILE   repeats; one JSON line with the times tokenize_lines
// pieces TOKENIZER FILE   seconds a string, each as one text TOKENIZER is a tokenizer.json or a
// .gguf file.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/text/streaming_decoder.h"
#include "core/text/tokenizer.h"

namespace temper::text {
namespace {

using Json = nlohmann::json;

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::unique_ptr<Tokenizer> load(const std::string& path) {
  if (path.ends_with(".gguf")) return load_gguf_tokenizer(weights::GgufFile(path));
  return load_tokenizer_json(path);
}

std::vector<std::string> read_strings(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> texts;
  for (std::string line; std::getline(in, line);) {
    texts.push_back(Json::parse(line).get<std::string>());
  }
  return texts;
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  StreamingDecoder decoder(tokenizer, false);
  std::string text;
  for (const std::int32_t id : ids) text += decoder.push(id);
  return text + decoder.finish();
}

Json encoded(const Tokenizer& tokenizer, const std::string& text) {
  const Encoding encoding = tokenizer.encode(text, true);
  Json line = {{"ids", encoding.ids},
               {"plain", tokenizer.encode(text, false).ids.size()},
               {"decoded", tokenizer.decode(encoding.ids, false)},
               {"skipped", tokenizer.decode(encoding.ids, true)},
               {"streamed", text.size() < 1000 ? Json(streamed(tokenizer, encoding.ids)) : Json()}};
  line["tokens"] = Json::array();
  for (const std::int32_t id : encoding.ids) line["tokens"].push_back(tokenizer.token_of(id));
  line["offsets"] = Json::array();
  for (const ByteRange& range : encoding.offsets) {
    line["offsets"].push_back({range.begin, range.end});
  }
  return line;
}

double seconds_of(const Tokenizer& tokenizer, std::span<const std::string> texts,
                  std::size_t* num_tokens) {
  const double begin = processor_seconds();
  for (const std::string& text : texts) *num_tokens += tokenizer.encode(text, true).ids.size();
  return processor_seconds() - begin;
}

int run(const std::string& mode, const std::string& path, const std::string& file) {
  const double begin = processor_seconds();
  const auto tokenizer = load(path);
  const double loading = processor_seconds() - begin;
  const std::vector<std::string> texts = read_strings(file);
  std::size_t num_tokens = 0;
  if (mode == "encode") {
    for (const std::string& text : texts) std::cout << encoded(*tokenizer, text).dump() << "\n";
  } else if (mode == "pieces") {
    for (const std::string& text : texts) {
      std::cout << seconds_of(*tokenizer, {&text, 1}, &num_tokens) << "\n";
    }
  } else {
    double best = 1e9;
    std::size_t num_bytes = 0;
    for (const std::string& text : texts) num_bytes += text.size();
    for (int repeat = 0; repeat < 3; ++repeat) {
      num_tokens = 0;
      best = std::min(best, seconds_of(*tokenizer, texts, &num_tokens));
    }
    std::cout << Json{{"load_seconds", loading},
                      {"tokens", num_tokens},
                      {"megabytes_per_second", static_cast<double>(num_bytes) / 1e6 / best}}
                     .dump()
              << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace temper::text

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: tokenize_lines encode|speed|pieces TOKENIZER FILE\n");
    return 2;
  }
  try {
    return temper::text::run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(temper::exit_code_of(error));
  }
}
