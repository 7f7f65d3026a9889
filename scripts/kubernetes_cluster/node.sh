#!/bin/bash
# A node, the first process of its namespaces: containerd, kubelet and kube-proxy. Nothing of the
# machine changes. In: NODE, PLACE (1, 2, ...), ZONE, NODES (how many), PROGRAMS, STATE, IMAGES
# (archives); the network card eth0 is moved in from outside.
set -euo pipefail
pki=$STATE/pki
own=$STATE/$NODE
address=10.89.0.1$PLACE
mount --make-rprivate /
hostname "$NODE"
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /sys/fs/cgroup
for kind in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "/sys/fs/cgroup/$kind"
    mount -t cgroup -o "$kind" cgroup "/sys/fs/cgroup/$kind"
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount -t tmpfs tmpfs /run
mkdir -p "$own"/{lib,log,containerd,kubelet,cni,sysctl}
mount --bind "$own/log" /var/log
mount --bind "$own/lib" /var/lib
# The kubelet wants these values, which belong to the whole machine: it gets files that say so.
echo 1 > "$own/sysctl/one"
echo 10 > "$own/sysctl/ten"
mount --bind "$own/sysctl/one" /proc/sys/vm/overcommit_memory
mount --bind "$own/sysctl/ten" /proc/sys/kernel/panic
mount --bind "$own/sysctl/one" /proc/sys/kernel/panic_on_oops
mount --make-rshared /
ip link set lo up
until ip link show eth0 > /dev/null 2>&1; do sleep 0.1; done
ip addr add "$address/24" dev eth0
ip link set eth0 up
ip route add default via 10.89.0.1
echo 1 > /proc/sys/net/ipv4/ip_forward
# Without it the answer of a neighbour on the bridge would not seem to come from the Service.
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
for ((other = 1; other <= NODES; other++)); do
    [ "$other" = "$PLACE" ] || ip route add "10.244.$other.0/24" via "10.89.0.1$other"
done

cat > "$own/containerd.toml" << FILE
version = 2
root = "$own/containerd"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/tapeline-cluster/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$PROGRAMS"
    conf_dir = "$own/cni"
FILE
cat > "$own/cni/10-bridge.conflist" << FILE
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "ipMasq": false,
   "ipam": {"type": "host-local", "dataDir": "$own/lib/cni", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "10.244.$PLACE.0/24"}]]}}]}
FILE
: > "$own/resolv.conf"
cat > "$own/kubelet.yaml" << FILE
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
oomScoreAdj: 0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $pki/ca.crt}
authorization: {mode: Webhook}
clusterDNS: [10.89.0.1]
clusterDomain: cluster.local
resolvConf: $own/resolv.conf
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
# What is collected could not be fetched again.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
tlsCertFile: $pki/$NODE.crt
tlsPrivateKeyFile: $pki/$NODE.key
FILE

containerd --config "$own/containerd.toml" > "$own/containerd.log" 2>&1 &
images() { ctr --address /run/containerd/containerd.sock --namespace k8s.io images "$@"; }
until images ls > /dev/null 2>&1; do sleep 0.2; done
# A node that is started again has them.
if [ ! -e "$own/imported" ]; then
    for archive in "$IMAGES"/*.tar; do
        images import "$archive" >> "$own/import.log" 2>&1
    done
    touch "$own/imported"
fi
# As an init system would: the kubelet ends if containerd is not yet ready for it.
keep() { # keep NAME ARGUMENT...
    until "$PROGRAMS/$1" "${@:2}" >> "$own/$1.log" 2>&1; do sleep 0.5; done
}
keep kubelet --config="$own/kubelet.yaml" --kubeconfig="$pki/$NODE.conf" \
    --root-dir="$own/kubelet" --node-ip="$address" --hostname-override="$NODE" \
    --node-labels="topology.kubernetes.io/zone=$ZONE" &
keep kube-proxy --kubeconfig="$pki/proxy.conf" --proxy-mode=nftables \
    --cluster-cidr=10.244.0.0/16 --hostname-override="$NODE" --oom-score-adj=0 \
    --conntrack-max-per-core=0 --conntrack-min=0 &
# The first process takes in what containers leave behind.
while :; do
    wait -n 2> /dev/null || sleep 1
done
