// A chat template from anywhere renders or is a UserError.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/error.h"
#include "core/text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = nlohmann::ordered_json::parse(R"({"messages": [
    {"role": "user", "content": "Hi é"}, {"role": "assistant", "content": null}],
    "tools": [{"a": [1, 2.5, true]}], "add_generation_prompt": true, "bos_token": "<s>"})");
  try {
    temper::text::ChatTemplate(std::string(reinterpret_cast<const char*>(data), size), "fuzz")
        .render(context);
  } catch (const temper::UserError&) {
  }
  return 0;
}
