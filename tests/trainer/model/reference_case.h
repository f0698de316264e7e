#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "core/weights/safetensors.h"
#include "trainer/model/float_buffer.h"
#include "trainer/model/packed_sequences.h"
#include "trainer/model/parameter_layout.h"

namespace temper::testing {

/// A case of tests/golden/reference: a tiny model and what Transformers and PEFT make of it
/// (tests/reference/README.md says what is in the file).
class ReferenceCase {
 public:
  /// `numbers`: the file of them, "bf16.safetensors" for those of a base model in bf16.
  explicit ReferenceCase(const std::string& name,
                         const std::string& numbers = "reference.safetensors");

  const model::BaseModel& base() const { return *base_; }
  std::vector<model::LoraTarget> targets() const;

  /// Samples packed in this order; trained masks as stored.
  model::PackedSequences pack(const std::vector<int>& samples) const;
  std::int64_t num_trained(int sample) const;

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  std::span<const float> floats(const std::string& name) const;
  std::vector<double> doubles(const std::string& name) const;
  std::vector<std::vector<int>> steps() const;

  /// The stored adapter ("lora.weight.") or its gradient ("lora.gradient.") in the layout's order.
  model::FloatBuffer lora_values(const std::string& prefix,
                                 const model::ParameterLayout& layout) const;

  static std::vector<std::string> names();

 private:
  std::string folder_;
  std::unique_ptr<model::BaseModel> base_;
  weights::SafetensorsFile file_;
};

/// What gtest calls a test with a case's name as its parameter.
std::string name_of_case(const ::testing::TestParamInfo<std::string>& test);

/// The largest |actual − expected| over the largest |expected|.
double relative_difference(std::span<const float> actual, std::span<const float> expected);

}  // namespace temper::testing
