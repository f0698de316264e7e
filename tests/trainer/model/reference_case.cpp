#include "tests/trainer/model/reference_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/check.h"
#include "tests/support/temporary_directory.h"

namespace temper::testing {
namespace {

template <typename T>
std::vector<T> values_of(const weights::SafetensorsFile& file, const std::string& name) {
  const weights::TensorView* tensor = file.find(name);
  CHECK(tensor != nullptr, "{}", name);
  std::vector<T> values(tensor->bytes.size() / sizeof(T));
  std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

}  // namespace

ReferenceCase::ReferenceCase(const std::string& name, const std::string& numbers)
    : folder_(std::string(TEMPER_SOURCE_DIR) + "/tests/golden/reference/" + name),
      base_(model::BaseModel::open(folder_)),
      file_(folder_ + "/" + numbers) {}

std::vector<std::string> ReferenceCase::names() {
  return {"llama2",  "llama3.1", "mistral",     "mistral_window",
          "smollm2", "biases",   "linear_rope", "rslora_patterns"};
}

std::vector<model::LoraTarget> ReferenceCase::targets() const {
  const auto json = nlohmann::json::parse(read_file(folder_ + "/adapter.json"));
  recipe::Adapter adapter;
  adapter.rank = json.at("rank");
  adapter.alpha = json.at("alpha");
  adapter.rslora = json.at("rslora");
  adapter.rank_pattern = json.at("rank_pattern").get<std::map<std::string, std::int64_t>>();
  adapter.alpha_pattern = json.at("alpha_pattern").get<std::map<std::string, double>>();
  return model::resolve_lora_targets(base_->config(), adapter);
}

model::PackedSequences ReferenceCase::pack(const std::vector<int>& samples) const {
  model::PackedSequences packed;
  for (const int sample : samples) {
    const auto ids = values_of<std::int32_t>(file_, fmt::format("sample.{}.ids", sample));
    const auto trained = values_of<std::uint8_t>(file_, fmt::format("sample.{}.trained", sample));
    packed.ids.insert(packed.ids.end(), ids.begin(), ids.end());
    packed.trained.insert(packed.trained.end(), trained.begin(), trained.end());
    packed.offsets.push_back(static_cast<std::int32_t>(packed.ids.size()));
  }
  return packed;
}

std::int64_t ReferenceCase::num_trained(int sample) const {
  return values_of<std::int64_t>(file_, "num_trained").at(static_cast<std::size_t>(sample));
}

std::span<const float> ReferenceCase::floats(const std::string& name) const {
  const weights::TensorView* tensor = file_.find(name);
  CHECK(tensor != nullptr, "{}", name);
  return {reinterpret_cast<const float*>(tensor->bytes.data()),
          tensor->bytes.size() / sizeof(float)};
}

std::vector<double> ReferenceCase::doubles(const std::string& name) const {
  return values_of<double>(file_, name);
}

std::vector<std::vector<int>> ReferenceCase::steps() const {
  const auto flat = values_of<std::int32_t>(file_, "steps");
  std::vector<std::vector<int>> steps;
  for (std::size_t i = 0; i < flat.size(); i += 3) {
    steps.push_back({flat[i], flat[i + 1], flat[i + 2]});
  }
  return steps;
}

model::FloatBuffer ReferenceCase::lora_values(const std::string& prefix,
                                              const model::ParameterLayout& layout) const {
  model::FloatBuffer values = model::FloatBuffer::zeros(layout.size());
  for (const model::TrainedTensor& tensor : layout.tensors()) {
    const std::span<const float> stored = floats(prefix + "base_model.model." + tensor.name);
    CHECK(stored.size() == tensor.size, "{}: {} values for {}", tensor.name, stored.size(),
          tensor.size);
    std::copy(stored.begin(), stored.end(), values.data() + tensor.offset);
  }
  return values;
}

std::string name_of_case(const ::testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

double relative_difference(std::span<const float> actual, std::span<const float> expected) {
  CHECK(actual.size() == expected.size(), "{} and {} values", actual.size(), expected.size());
  double largest = 1e-30;
  double difference = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    const double off = std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
    difference = std::isfinite(off) ? std::max(difference, off) : off;
  }
  return difference / largest;
}

}  // namespace temper::testing
