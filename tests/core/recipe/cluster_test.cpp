#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/recipe/minimal_recipe.h"

namespace temper::recipe {
namespace {

TEST(ClusterTest, AnEmptyFileIsAllDefaults) {
  const Environment environment = testing::no_variables();
  EXPECT_EQ(parse_cluster("# nothing\n", "c.yaml", {}, &environment), Cluster{});
}

TEST(ClusterTest, ReadsEveryKey) {
  const Environment environment = testing::variables({{"TOKEN", "t"}});
  const Cluster cluster = parse_cluster(
      "version: 1\nkind: local\nranks: 3\nslot_workers: 2\nmax_restarts: 0\nbackoff_seconds: 0.5\n"
      "environment: {A: 1, B_2: '${env:TOKEN}'}\n",
      "c.yaml", {"environment.C=x y"}, &environment);
  Cluster expected;
  expected.ranks = 3;
  expected.slot_workers = 2;
  expected.max_restarts = 0;
  expected.backoff_seconds = 0.5;
  expected.environment = {{"A", "1"}, {"B_2", "t"}, {"C", "x y"}};
  EXPECT_EQ(cluster, expected);
}

TEST(ClusterTest, DumpReadsBackEqual) {
  const Environment environment = testing::no_variables();
  Cluster cluster;
  cluster.ranks = 4;
  cluster.environment = {{"A", "a: \"b\" ${c}\n"}, {"B", ""}};
  const std::string text = dump(cluster);
  EXPECT_EQ(parse_cluster(text, "dump.yaml", {}, &environment), cluster) << text;
}

TEST(ClusterTest, EveryKindDumpsAndReadsBackEqual) {
  const Environment environment = testing::no_variables();
  Cluster slurm;
  slurm.kind = ClusterKind::kSlurm;
  slurm.nodes = 2;
  slurm.resources = {8, 64, 4, "h100"};
  slurm.runs = "/shared/runs";
  slurm.time_limit_minutes = 240;
  slurm.secrets = {{"HF_TOKEN", "/home/me/.hf-token"}};
  slurm.slurm.partition = "gpu";
  slurm.slurm.setup = {"module load openmpi", "ulimit -l unlimited"};
  slurm.slurm.options = {"--reservation=week 1"};
  Cluster pods;
  pods.kind = ClusterKind::kKubernetes;
  pods.resources.cpus = 4;
  pods.kubernetes.image = "registry/temper@sha256:00";
  pods.kubernetes.node_selector = {{"cloud.google.com/gke-nodepool", "cpu"}};
  pods.secrets = {{"HF_TOKEN", "hub/token"}};
  Cluster vertex;
  vertex.kind = ClusterKind::kVertex;
  vertex.nodes = 2;
  vertex.resources = {8, 32, 1, ""};
  vertex.runs = "gs://bucket/runs";
  vertex.vertex.project = "p";
  vertex.vertex.region = "europe-west4";
  vertex.vertex.image = "registry/temper@sha256:00";
  vertex.vertex.machine_type = "g2-standard-8";
  vertex.vertex.accelerator_type = "NVIDIA_L4";
  vertex.vertex.strategy = VertexStrategy::kFlexStart;
  vertex.vertex.max_wait_minutes = 60;
  vertex.vertex.labels = {{"team", "research"}};
  vertex.secrets = {{"HF_TOKEN", "projects/p/secrets/hub/versions/latest"}};
  for (const Cluster& cluster : {slurm, pods, vertex}) {
    const std::string text = dump(cluster);
    EXPECT_EQ(parse_cluster(text, "dump.yaml", {}, &environment), cluster) << text;
  }
}

TEST(ClusterTest, ASecretInPlaceOfItsFileIsNotShown) {
  const Environment environment = testing::variables({{"HF_TOKEN", "hf_very_secret"}});
  try {
    parse_cluster("secrets: {HF_TOKEN: '${env:HF_TOKEN}'}\n", "c.yaml", {}, &environment);
    FAIL() << "a secret was taken for a path";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("c.yaml:1:21: secrets.HF_TOKEN: must be the"));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("hf_very_secret")));
  }
}

TEST(ClusterTest, TheTransportFitsTheKind) {
  const Environment environment = testing::no_variables();
  const auto error_of = [&](const std::string& text) -> std::string {
    try {
      parse_cluster(text, "c.yaml", {}, &environment);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string pods = "kind: kubernetes\nnodes: 2\nresources: {cpus: 1}\n";
  EXPECT_EQ(error_of("ranks: 2\ntransport: tcp\nheartbeat_timeout_seconds: 5\n"), "no error");
  EXPECT_EQ(error_of(pods + "transport: tcp\nkubernetes: {image: a}\n"), "no error");
  EXPECT_EQ(error_of(pods + "transport: mpi\nkubernetes: {image: a, api: mpijob}\n"), "no error");
  EXPECT_THAT(error_of(pods + "transport: mpi\nkubernetes: {image: a}\n"),
              ::testing::HasSubstr("c.yaml:4:12: transport: is mpi, but only an MPIJob"));
  EXPECT_THAT(error_of("kind: slurm\nresources: {cpus: 1}\ntransport: tcp\n"),
              ::testing::HasSubstr("transport: is tcp, but kind slurm"));
  EXPECT_THAT(error_of("heartbeat_timeout_seconds: 0\n"),
              ::testing::HasSubstr("heartbeat_timeout_seconds"));
}

TEST(ClusterTest, ARecipeIsNoClusterFile) {
  const Environment environment = testing::no_variables();
  EXPECT_THROW(parse_cluster(testing::kMinimal, "c.yaml", {}, &environment), UserError);
}

}  // namespace
}  // namespace temper::recipe
