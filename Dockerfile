# Temper as an image: temper and temper-trainer in PATH, the libraries they load, Open MPI's mpirun; user temper, not root.
#   docker build -t REGISTRY/temper .                            for CPUs
#   docker build -t REGISTRY/temper --build-arg DEVICE=cuda .    for GPUs (docs/image.md)
# A build needs git's files only (.dockerignore). `ctest -L slow -R Image` runs these steps without a container engine.
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS build
ARG DEVICE=cpu
# Where pip finds torch for CPUs; another place with --build-arg TORCH_INDEX=…. That for CUDA is PyPI's own.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
# The packages and LibTorch first: they change seldom, and a builder keeps these layers.
COPY scripts/setup.sh scripts/requirements.txt scripts/requirements-cuda.txt scripts/
COPY docker/build.sh docker/
RUN PIP_EXTRA_INDEX_URL="${TORCH_INDEX}" docker/build.sh packages "${DEVICE}"
COPY . .
RUN docker/build.sh programs "${DEVICE}"

FROM ${DEBIAN}
COPY --from=build /opt/temper /opt/temper
RUN apt-get update \
    && apt-get install -y --no-install-recommends $(cat /opt/temper/packages) openssh-client openssh-server \
    && rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /etc/ssh/ssh_host_*
RUN useradd --create-home --uid 1000 temper && mkdir /work && chown temper /work
# mpirun starts ranks in this container only, without ssh; an MPIJob of several pods asks for it, with the job's own keys
# (launcher/backends/kubernetes/mpi_job.h). Inside a container there is no ptrace for its
# shared-memory copies. NVIDIA's: which parts of the driver the container gets, where there is one.
ENV PATH=/opt/temper/bin:/usr/local/bin:/usr/bin:/bin \
    OMPI_MCA_plm=isolated \
    OMPI_MCA_btl_vader_single_copy_mechanism=none \
    TEMPER_CACHE=/work \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER temper
WORKDIR /home/temper
CMD ["temper", "--help"]
