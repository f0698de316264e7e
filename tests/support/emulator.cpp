#include "tests/support/emulator.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/support/temporary_directory.h"

namespace temper::testing {
namespace {

const std::filesystem::path kReferencePython =
    std::filesystem::path(TEMPER_SOURCE_DIR) / ".venv-reference/bin/python";

/// The port in the line "ready <port>" of the emulator's output; "" if it is not there yet.
std::string port_in(const std::filesystem::path& output) {
  std::ifstream file(output);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("ready ")) {
      return file.eof() ? "" : line.substr(6);
    }
  }
  return "";
}

}  // namespace

bool has_reference_python() {
  return std::filesystem::exists(kReferencePython);
}

std::string emulator_python() {
  return has_reference_python() ? kReferencePython.string() : "python3";
}

Emulator::Emulator(const std::string& script, const std::vector<std::string>& arguments) {
  const TemporaryDirectory folder;
  const std::filesystem::path output = folder / "output";
  Command command;
  command.argv = {emulator_python(), std::string(TEMPER_SOURCE_DIR) + "/tests/emulators/" + script};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.output = output;
  process_ = SystemProcessRunner().start(command);
  for (int tenths = 0; tenths < 600 && !process_->poll(); ++tenths) {
    if (const std::string port = port_in(output); !port.empty()) {
      url_ = "http://127.0.0.1:" + port;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw std::runtime_error(script + " does not start: " + read_file(output));
}

Emulator::~Emulator() = default;  // ends the process

std::string Emulator::ask(const std::string& method, std::string_view name,
                          const std::string& json) {
  const http::Response response = transport_.send({.method = method,
                                                   .url = url_ + "/_" + std::string(name),
                                                   .body = std::as_bytes(std::span(json))});
  if (!response.ok()) {
    throw std::runtime_error("the emulator refuses " + std::string(name) + ": " + response.body);
  }
  return response.body;
}

std::string Emulator::post(std::string_view name, const std::string& json) {
  return ask("POST", name, json);
}

std::string Emulator::get(std::string_view name) {
  return ask("GET", name, "");
}

}  // namespace temper::testing
