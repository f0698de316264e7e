#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

/// What --json printed after what it said meanwhile.
Json report_of(const ProgramResult& result) {
  return Json::parse(result.output.substr(result.output.find('{')));
}

Json finding(const Json& report, const std::string& what) {
  for (const Json& found : report["findings"]) {
    if (found["what"] == what) {
      return found;
    }
  }
  return {{"state", "there is none"}};
}

TEST(DoctorProgramTest, LooksAtMachineProgramsAndCredentials) {
  Program program;
  program.set_environment("HF_TOKEN", "hf_secret");
  program.set_environment("AWS_ACCESS_KEY_ID", "AKIASECRET");
  program.set_environment("AWS_SECRET_ACCESS_KEY", "very-secret");
  const ProgramResult result = program.temper({"doctor", "--json"});
  EXPECT_EQ(result.code, 0) << result.output;
  const Json report = report_of(result);
  EXPECT_EQ(report["ok"], true);
  for (const char* what : {"temper", "temper-trainer", "processor", "memory", "cache", "mpirun",
                           "sbatch", "srun", "kubectl", "Google Cloud", "S3", "Hugging Face Hub"}) {
    EXPECT_NE(finding(report, what)["state"], "there is none") << what;
    EXPECT_NE(finding(report, what)["state"], "failed") << what;
  }
  EXPECT_THAT(finding(report, "Hugging Face Hub")["detail"].get<std::string>(),
              HasSubstr("token of HF_TOKEN"));
  EXPECT_THAT(result.output, AllOf(Not(HasSubstr("hf_secret")), Not(HasSubstr("AKIASECRET")),
                                   Not(HasSubstr("very-secret"))));
}

TEST(DoctorProgramTest, ATrainerOfAnotherVersionFails) {
  Program program;
  program.set_environment("FAKE_TRAINER_VERSION", "0.0.7");
  const ProgramResult result = program.temper({"doctor"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("failed   temper-trainer"), HasSubstr("0.0.7 (a fake)"),
                    HasSubstr("-> it is not of this temper's version"),
                    HasSubstr("something that is required is missing")));
}

TEST(DoctorProgramTest, AMissingTrainerFailsAndNothingIsTested) {
  Program program;
  program.set_environment("TEMPER_TRAINER", "/nowhere/temper-trainer");
  const ProgramResult result = program.temper({"doctor", "--ranks", "2"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("/nowhere/temper-trainer"), HasSubstr("or name it in TEMPER_TRAINER"),
                    Not(HasSubstr("testing"))));
}

TEST(DoctorProgramTest, WhatAClusterFileNeedsIsRequired) {
  Program program;
  const std::string cluster = program.file("cluster.yaml").string();
  std::ofstream(cluster) << "kind: local\nresources: {gpus: 2, cpus: 4000}\n";
  const ProgramResult result = program.temper({"doctor", "--on", cluster, "--json"});
  EXPECT_EQ(result.code, 2);
  const Json report = report_of(result);
  EXPECT_EQ(finding(report, "runs can be written")["state"], "ok");
  EXPECT_EQ(finding(report, "resources.cpus")["state"], "warning");
  EXPECT_EQ(finding(report, "GPUs")["state"], "failed");
  EXPECT_EQ(finding(report, "processor")["state"], "there is none");

  std::ofstream(cluster) << "kind: local\nruns: " << program.file("runs").string() << "\n";
  EXPECT_EQ(program.temper({"doctor", "--on", cluster}).code, 0);
}

TEST(DoctorProgramTest, GpusThatAreNotThereFail) {
  Program program;
  const ProgramResult result = program.temper({"doctor", "--gpu"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("failed   GPUs"), HasSubstr("no CUDA device"),
                                   Not(HasSubstr("testing"))));
}

TEST(DoctorProgramTest, ASingleGpuHasNobodyToTalkTo) {
  Program program;
  program.set_environment("FAKE_TRAINER_GPUS", "1");
  const ProgramResult result = program.temper({"doctor", "--gpu"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("nobody to talk to"), HasSubstr("in fp32 as composed")));
}

TEST(DoctorProgramTest, AGpuWhoseAttentionIsWrongFails) {
  Program program;
  program.set_environment("FAKE_TRAINER_GPUS", "1");
  program.set_environment("FAKE_TRAINER_ATTENTION", "temper-trainer: attention: other bits");
  const ProgramResult result = program.temper({"doctor", "--gpu"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("failed   attention"), HasSubstr("attention: other bits")));
}

TEST(DoctorProgramTest, RanksWithGpusTestTheirCommunication) {
  Program program(
      "nccl=Channel_00/0_:_0[0]_->_1[1]_via_P2P/CUMEM nccl=Using_network_Socket collectives=0");
  program.set_environment("FAKE_TRAINER_GPUS", "2");
  const ProgramResult result = program.temper({"doctor", "--gpu", "--transport", "tcp", "--json"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("testing the communication of 2 ranks"));
  const Json report = report_of(result);
  EXPECT_THAT(finding(report, "GPUs")["detail"].get<std::string>(),
              AllOf(HasSubstr("0: NVIDIA L4"), HasSubstr("1: NVIDIA L4")));
  EXPECT_EQ(finding(report, "NCCL channels")["detail"], "P2P/CUMEM");
  EXPECT_EQ(finding(report, "NCCL network")["detail"], "Socket");
  const Json& collective = report["communication"]["collectives"][0];
  EXPECT_EQ(report["communication"]["ranks"], 2);
  EXPECT_EQ(collective["operation"], "all_gather");
  EXPECT_DOUBLE_EQ(collective["algorithm_bandwidth"].get<double>(), 1e11);
  EXPECT_DOUBLE_EQ(collective["bus_bandwidth"].get<double>(), 5e10);
}

TEST(DoctorProgramTest, WrongBytesFail) {
  Program program("collectives=3");
  const ProgramResult result = program.temper({"doctor", "--ranks", "2", "--transport", "tcp"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("3 bytes arrived wrong over nccl"),
                                   HasSubstr("-> don't train on these machines")));
}

TEST(DoctorProgramTest, RanksThatFailSayWhy) {
  Program program("error=no_GPU_memory_left exit=78");
  const ProgramResult result = program.temper({"doctor", "--ranks", "2", "--transport", "tcp"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("failed   communication"),
                                   HasSubstr("no GPU memory left"), HasSubstr("78")));
}

TEST(DoctorProgramTest, OtherMachinesRanksAreNotTestedHere) {
  Program program;
  const std::string cluster = program.file("slurm.yaml").string();
  std::ofstream(cluster) << "kind: slurm\nnodes: 2\nresources: {cpus: 8}\nruns: /shared/runs\n";
  const ProgramResult result = program.temper({"doctor", "--gpu", "2", "--on", cluster});
  EXPECT_EQ(result.code, 2);
  program.set_environment("FAKE_TRAINER_GPUS", "2");
  const ProgramResult refused = program.temper({"doctor", "--gpu", "2", "--on", cluster});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output, HasSubstr("is of this machine's ranks, kind slurm has others"));
}

}  // namespace
}  // namespace temper::launch
