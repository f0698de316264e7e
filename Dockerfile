# Temper as an image: temper and temper-trainer in PATH, the libraries they load, Open MPI's mpirun; user temper, not root.
#   docker build -t REGISTRY/temper .                            for CPUs
#   docker build -t REGISTRY/temper --build-arg DEVICE=cu130 .   with CUDA's LibTorch (docs/image.md)
# A build needs git's files only (.dockerignore). `ctest -L slow -R Image` runs these steps without a container engine.
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS build
ARG DEVICE=cpu
# Where pip finds torch for the device; another place with --build-arg TORCH_INDEX=….
ARG TORCH_INDEX=https://download.pytorch.org/whl/${DEVICE}
WORKDIR /src
# The packages and LibTorch first: they change seldom, and a builder keeps these layers.
COPY scripts/setup.sh scripts/requirements.txt scripts/
RUN PIP_EXTRA_INDEX_URL="${TORCH_INDEX}" scripts/setup.sh --no-build
RUN apt-get install -y --no-install-recommends patchelf
COPY . .
RUN cmake --preset release && cmake --build --preset release --target temper temper-trainer temper_parquet
RUN docker/collect.sh build/release /opt/temper

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
