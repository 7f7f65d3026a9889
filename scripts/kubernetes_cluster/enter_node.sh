#!/bin/bash
# Becomes a node: with a control group of its own in every hierarchy, then in namespaces of its own,
# so that kubelet, containerd and runc see a root of their own. In: GROUP (its name) and all that
# node.sh takes. Control groups are of version 1.
set -euo pipefail
memory=$(awk -F: '$2 == "memory" {print $3}' /proc/self/cgroup)
for kind in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do
    above=/sys/fs/cgroup/$kind
    # What memory this session may take holds for the node as well.
    [ "$kind" != memory ] || above=$above${memory%/}
    mkdir -p "$above/$GROUP"
    if [ "$kind" = cpuset ]; then
        cat "$above/cpuset.cpus" > "$above/$GROUP/cpuset.cpus"
        cat "$above/cpuset.mems" > "$above/$GROUP/cpuset.mems"
    fi
    [ "$kind" != cpu ] || echo 2048 > "$above/$GROUP/cpu.shares"
    echo $$ > "$above/$GROUP/cgroup.procs"
done
exec unshare -m -n -u -i -p -C -f --mount-proc --kill-child=SIGKILL "$(dirname "$0")/node.sh"
