#include "tests/core/hub/push_scene.h"

#include <fmt/format.h>

#include <memory>

#include "core/http/curl_transport.h"
#include "core/hub/hub_service.h"

namespace temper::hub::testing {
namespace {

using nlohmann::json;
using temper::testing::Emulator;
using temper::testing::write_file;

class KillingTransport final : public http::Transport {
 public:
  KillingTransport(std::unique_ptr<http::Transport> inner, Killer* killer)
      : inner_(std::move(inner)), killer_(killer) {}

  http::Response send(const http::Request& request) override {
    const bool dies = killer_ != nullptr && killer_->requests_left == 0;
    if (killer_ != nullptr && killer_->requests_left > 0) {
      --killer_->requests_left;
    }
    if (dies && !killer_->after_answer) {
      throw Killed{};
    }
    http::Response response = inner_->send(request);
    if (dies) {
      throw Killed{};
    }
    return response;
  }

 private:
  const std::unique_ptr<http::Transport> inner_;
  Killer* const killer_;
};

Emulator& shared_emulator() {
  static Emulator emulator("hub_emulator.py");
  return emulator;
}

bool has_mark(const json& commit, const OutboxEntry& entry) {
  return commit["description"].get<std::string>().find(push_mark(entry.manifest)) !=
         std::string::npos;
}

}  // namespace

PushScene::PushScene(const std::string& token) : emulator_(shared_emulator()), token_(token) {
  emulator_.post("reset");
  write_file(adapter / "adapter_model.safetensors", std::string(70'000, 'w'));
  write_file(adapter / "adapter_config.json", "{\"r\": 16}");
  write_file(adapter / "README.md", "# card");
  write_file(adapter / "empty.txt", "");
}

HubApi PushScene::open(const std::string& token, Killer* killer) {
  HubSettings settings;
  settings.endpoint = emulator_.url();
  settings.cache = folder / "cache";
  if (!token.empty()) {
    settings.token = Token(token, "HF_TOKEN");
  }
  http::RetryPolicy policy;
  policy.jitter = [] { return 0.5; };
  policy.patience = std::chrono::seconds(330);
  auto transport = std::make_unique<KillingTransport>(
      std::make_unique<http::CurlTransport>(http::Settings{}), killer);
  return {settings, http::Client(std::move(transport), std::make_unique<HubService>(settings),
                                 clock, {.policy = policy, .logger = Logger(LogLevel::kError)})};
}

OutboxEntry PushScene::put(const PushTarget& target, const std::string& content) {
  return outbox.put({adapter, content, target, "Upload adapter", "by a test"}, clock);
}

PushOutcome PushScene::push(OutboxEntry& entry) {
  const HubApi api = open(token_);
  return push_entry(api, outbox, entry);
}

json PushScene::history(const std::string& repository, const std::string& branch) {
  const json all = json::parse(emulator_.get("history"));
  const auto found = all.find("models/" + repository);
  return found == all.end() || !found->contains(branch) ? json::array() : found->at(branch);
}

json PushScene::files_of(const OutboxEntry& entry) {
  json files = json::object();
  for (const OutboxFile& file : entry.manifest.files) {
    files[file.path] = file.sha256;
  }
  return files;
}

int count_commits(const json& history, const OutboxEntry& entry) {
  int count = 0;
  for (const json& commit : history) {
    count += has_mark(commit, entry) ? 1 : 0;
  }
  return count;
}

std::string problem_of(const json& history, const OutboxEntry& entry) {
  if (count_commits(history, entry) > 1) {
    return fmt::format("{} commits of one push", count_commits(history, entry));
  }
  bool is_before = false;  // older than the push's own commit
  for (const json& commit : history) {
    std::size_t there = 0;
    for (const OutboxFile& file : entry.manifest.files) {
      there += commit["files"].value(file.path, "") == file.sha256 ? 1 : 0;
    }
    if (has_mark(commit, entry)) {
      if (there != entry.manifest.files.size()) {
        return "the push's own commit lacks a file";
      }
      is_before = true;
    } else if (is_before && there > 0) {
      return "a commit before the push's own has some of its files";
    }
  }
  if (!is_before && !history.empty() &&
      history[0]["files"].contains(entry.manifest.files.front().path) &&
      history[0]["files"][entry.manifest.files.front().path] ==
          entry.manifest.files.front().sha256) {
    return "files of the push without its commit";
  }
  return "";
}

}  // namespace temper::hub::testing
