// Ten steps of training against a PyTorch loop on the same batches (tests/reference/README.md).

#include <gtest/gtest.h>

#include "tests/trainer/model/reference_case.h"
#include "trainer/comm/single_communicator.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"
#include "trainer/train/optimizer.h"

namespace temper::train {
namespace {

using testing::ReferenceCase;

class ReferenceTrainingTest : public ::testing::TestWithParam<std::string> {
 protected:
  ReferenceTrainingTest() : case_(GetParam()), kernels_(model::make_cpu_kernels()), workers_(1) {
    model::on_slot_worker_thread();
  }

  void expect_ten_steps(const model::LlamaModel& model, model::FloatBuffer parameters,
                        const std::string& kind) {
    recipe::Optimizer options;
    options.weight_decay = 0.01;
    AdamW optimizer(options, model.layout());
    const std::vector<double> losses = case_.doubles(kind + ".losses");
    const std::vector<double> norms = case_.doubles(kind + ".gradient_norms");
    const auto steps = case_.steps();
    for (std::size_t step = 0; step < steps.size(); ++step) {
      model::FloatBuffer gradient = model::FloatBuffer::zeros(model.layout().size());
      const model::LossResult result = model.loss_and_gradient(
          *kernels_, case_.pack(steps[step]), parameters.data(), gradient.data(), {}, workspace_);
      const auto num_trained = static_cast<double>(result.num_trained);
      EXPECT_NEAR(result.loss_sum / num_trained, losses[step], 1e-4) << kind << " step " << step;
      const double norm =
          optimizer.gradient_norm(gradient.span(), 1 / num_trained, workers_, alone_);
      EXPECT_NEAR(norm, norms[step], 2e-3 * norms[step]) << kind << " step " << step;
      optimizer.step(parameters.span(), gradient.span(), clipping_factor(norm, 1.0) / num_trained,
                     1e-3, static_cast<std::int64_t>(step) + 1, workers_);
    }
  }

  ReferenceCase case_;
  std::unique_ptr<model::Kernels> kernels_;
  SlotWorkers workers_;
  comm::SingleCommunicator alone_;
  model::SlotWorkspace workspace_;
};

TEST_P(ReferenceTrainingTest, LoraLossesEqualPyTorchs) {
  const auto model = model::LlamaModel::with_lora(case_.base(), case_.targets(), 0, 128);
  expect_ten_steps(*model, case_.lora_values("lora.weight.", model->layout()), "lora");
}

TEST_P(ReferenceTrainingTest, FullLossesEqualPyTorchs) {
  const auto model = model::LlamaModel::fully_trained(case_.base().config(), 128);
  model::FloatBuffer parameters(model->layout().size());
  model::load_pretrained(model->layout(), case_.base(), parameters.span());
  expect_ten_steps(*model, std::move(parameters), "full");
}

INSTANTIATE_TEST_SUITE_P(Cases, ReferenceTrainingTest, ::testing::ValuesIn(ReferenceCase::names()),
                         testing::name_of_case);

}  // namespace
}  // namespace temper::train
