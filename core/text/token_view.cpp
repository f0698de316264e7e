#include "core/text/token_view.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/text/utf8.h"

namespace temper::text {
namespace {

constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kPlain = "\x1b[0m";

}  // namespace

std::string printable(std::string_view bytes) {
  std::string line;
  while (!bytes.empty()) {
    const std::size_t valid = find_invalid_utf8(bytes).value_or(bytes.size());
    for (const char byte : bytes.substr(0, valid)) {
      const auto code = static_cast<unsigned char>(byte);
      if (byte == '\n') {
        line += "\\n";
      } else if (byte == '\r') {
        line += "\\r";
      } else if (byte == '\t') {
        line += "\\t";
      } else if (byte == '\\') {
        line += "\\\\";
      } else if (code < 0x20 || code == 0x7F) {
        line += fmt::format("\\x{:02X}", code);
      } else {
        line.push_back(byte);
      }
    }
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    line += fmt::format("\\x{:02X}", static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(1);
  }
  return line;
}

std::string view_tokens(const ModelText& model, const SampleEncoder& encoder,
                        const EncodedSample& sample, bool colored) {
  std::string view = encoder.mark_trained(sample);
  if (!view.ends_with('\n')) view += '\n';
  for (std::size_t i = 0; i < sample.ids.size(); ++i) {
    const bool trained = sample.trained[i] != 0;
    const std::string token = printable(model.tokenizer->bytes_of(sample.ids[i]));
    if (colored) view += trained ? kGreen : kDim;
    view += fmt::format("{:>6} {:>8} {} |{}|", i, sample.ids[i], trained ? '*' : ' ', token);
    if (colored) view += kPlain;
    view += '\n';
  }
  return view;
}

std::string tokens_json(const ModelText& model, const SampleEncoder& encoder,
                        const EncodedSample& sample, const std::string& origin) {
  using Json = nlohmann::ordered_json;
  Json tokens = Json::array();
  for (std::size_t i = 0; i < sample.ids.size(); ++i) {
    tokens.push_back({{"id", sample.ids[i]},
                      {"text", printable(model.tokenizer->bytes_of(sample.ids[i]))},
                      {"trained", sample.trained[i] != 0}});
  }
  const Json view = {{"origin", origin},
                     {"text", encoder.mark_trained(sample)},
                     {"num_trained", sample.num_trained()},
                     {"tokens", std::move(tokens)}};
  constexpr int kOneLine = -1;
  return view.dump(kOneLine, ' ', false, Json::error_handler_t::replace);
}

}  // namespace temper::text
