#!/bin/bash
# The control plane, in network, process and mount namespaces of its own, of which it is the first
# process: whoever ends it ends all of it. In: PROGRAMS, STATE (folders).
set -euo pipefail
pki=$STATE/pki
mount --make-rprivate /
mkdir -p "$STATE/log" "$STATE/etcd"
chmod 700 "$STATE/etcd"
ip link set lo up
ip link add br0 type bridge
ip addr add 10.89.0.1/24 dev br0
ip link set br0 up
echo 1 > /proc/sys/net/ipv4/ip_forward
# To webhooks, which are Services: by way of a node.
ip route add 10.96.0.0/16 via 10.89.0.11

run() { # run NAME ARGUMENT...
    "$PROGRAMS/$1" "${@:2}" > "$STATE/log/$1.log" 2>&1 &
}
serves() {
    curl --silent --cacert "$pki/ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" \
        https://127.0.0.1:6443/readyz 2>/dev/null | grep -qx ok
}

run etcd --data-dir "$STATE/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
run kube-apiserver --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range=10.96.0.0/16 \
    --advertise-address=10.89.0.1 --secure-port=6443 --client-ca-file="$pki/ca.crt" \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --kubelet-preferred-address-types=InternalIP
cat > "$STATE/Corefile" << FILE
.:53 {
    errors
    ready
    kubernetes cluster.local in-addr.arpa {
        kubeconfig $pki/admin.conf
        ttl 5
    }
}
FILE
# The controllers end for good if they come before the API server's own roles are there.
until serves; do sleep 0.3; done
own() { # own NAME: how a part of the control plane reaches the API server
    echo "--kubeconfig=$pki/$1.conf --authentication-kubeconfig=$pki/$1.conf" \
        "--authorization-kubeconfig=$pki/$1.conf --leader-elect=false"
}
# shellcheck disable=SC2046 # several words on purpose
run kube-controller-manager $(own controller) --use-service-account-credentials=true \
    --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --node-monitor-grace-period=20s
# shellcheck disable=SC2046
run kube-scheduler $(own scheduler)
run coredns -conf "$STATE/Corefile"
# Without one of them the others are no cluster.
wait -n
