#!/usr/bin/env bash
# A real Slurm of two nodes on this machine, for tests: each node is a network, host-name and mount namespace with its
# own slurmd; munge has its own key and socket. The nodes share the file system, as clusters do.
# Usage (root): slurm_cluster.sh start DIR | stop DIR. DIR holds configuration, logs, spool and pids, and must be new;
# SLURM_CONF=DIR/slurm.conf makes Slurm's programs use it. stop ends what start began, and nothing else.
# Needs Debian's slurmctld slurmd slurm-client munge iproute2 (scripts/setup.sh --test-tools).
set -eu
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
net=10.78.0
nodes="t1 t2"
prefix=tmpr  # interface names have at most 15 letters

start_munge() {
  chmod 755 "$dir"  # others must get to the socket
  (umask 077 && head -c 1024 /dev/urandom > "$dir/munge.key")
  setsid /usr/sbin/munged --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
    --log-file="$dir/munged.log" --seed-file="$dir/munged.seed"
}

start_networks() {
  if ip link show "$prefix-br" > /dev/null 2>&1; then
    echo "slurm_cluster.sh: $prefix-br is there already: another cluster runs, or was not stopped" >&2
    exit 1
  fi
  touch "$dir/networks"
  ip link add "$prefix-br" type bridge
  ip addr add "$net.254/24" dev "$prefix-br"
  ip link set "$prefix-br" up
  local i=0 node
  for node in $nodes; do
    i=$((i + 1))
    ip netns add "$prefix-$node"
    ip link add "$prefix-$node" type veth peer name eth0 netns "$prefix-$node"
    ip link set "$prefix-$node" master "$prefix-br" up
    ip -n "$prefix-$node" addr add "$net.$i/24" dev eth0
    ip -n "$prefix-$node" link set eth0 up
    ip -n "$prefix-$node" link set lo up
  done
}

# Jobs are scheduled and queued again within seconds, where a site takes minutes.
write_configuration() {
  echo "PMIxCliTmpDirBase=$dir/pmix" > "$dir/mpi.conf"
  cat > "$dir/slurm.conf" <<CONF
ClusterName=temper-test
SlurmctldHost=$(hostname -s)($net.254)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1,default_queue_depth=100
KillWait=5
InactiveLimit=0
JobRequeue=1
NodeName=t1 NodeAddr=$net.1 CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=t2 NodeAddr=$net.2 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start() {
  local node
  mkdir -p "$dir/state" "$dir/pmix"
  start_munge
  start_networks
  write_configuration
  export SLURM_CONF="$dir/slurm.conf"
  setsid slurmctld -f "$SLURM_CONF"
  # PMIx's folder must be a node's own, hence the bind mount. nsenter, as `ip netns exec` hides /sys/fs/cgroup.
  for node in $nodes; do
    mkdir -p "$dir/spool-$node" "$dir/pmix-$node"
    setsid nsenter --net="/run/netns/$prefix-$node" unshare --uts --mount sh -c \
      "mount --bind '$dir/pmix-$node' '$dir/pmix' && hostname $node && exec slurmd -f '$SLURM_CONF' -N $node"
  done
  for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%T | sort -u)" != idle ] || return 0
    sleep 0.5
  done
  sinfo
  tail -n 5 "$dir"/*.log
  return 1
}

stop() {
  local pids pid node
  export SLURM_CONF="$dir/slurm.conf"
  if [ -e "$dir/slurmctld.pid" ]; then  # steps would outlive their slurmd
    timeout 5 scancel --partition=all || true
    for _ in $(seq 30); do
      [ -n "$(timeout 5 squeue --noheader)" ] || break
      sleep 0.5
    done
  fi
  pids=$(cat "$dir"/*.pid 2> /dev/null || true)
  for pid in $pids; do kill "$pid" 2> /dev/null || true; done
  for pid in $pids; do
    for _ in $(seq 100); do
      kill -0 "$pid" 2> /dev/null || break
      sleep 0.1
    done
  done
  [ -e "$dir/networks" ] || return 0
  for node in $nodes; do
    ip link del "$prefix-$node" 2> /dev/null || true
    ip netns del "$prefix-$node" 2> /dev/null || true
  done
  ip link del "$prefix-br" 2> /dev/null || true
}

"$action"
