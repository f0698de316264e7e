#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace temper::text {

/// The goldens that tests/reference/make_text_goldens.py writes into tests/golden/text.
std::string golden_path(const std::string& name);
std::vector<nlohmann::ordered_json> golden_lines(const std::string& name);

/// Our small trained tokenizer.json, with the top-level keys of `changes` put in ("model" merged).
std::string small_tokenizer_json(const nlohmann::ordered_json& changes);

/// The message of the UserError that `run` throws; a test failure and "" if it throws none.
template <typename Run>
std::string user_error_of(const Run& run) {
  try {
    run();
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError";
  return "";
}

}  // namespace temper::text
