#pragma once

#include <CLI/App.hpp>
#include <string>

namespace temper::launch {

/// A script that completes the program's verbs, their options, runs and files, for "bash", "zsh" or
/// "fish". `program` is the whole command line with its verbs. UserError for another shell. Pure.
std::string completion_script(const std::string& shell, const CLI::App& program);

}  // namespace temper::launch
