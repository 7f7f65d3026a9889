#!/bin/bash
# Kubernetes' API server and its store, in network, process and mount namespaces of their own, of
# which this is the first process: whoever ends it ends them. In: PROGRAMS, STATE (folders).
set -euo pipefail
pki=$STATE/pki
mount --make-rprivate /
mkdir -p "$STATE/etcd"
chmod 700 "$STATE/etcd"
ip link set lo up
# The API server wants an address that others could reach.
ip link add br0 type bridge
ip addr add 10.89.0.1/24 dev br0
ip link set br0 up
"$PROGRAMS/etcd" --data-dir "$STATE/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 > "$STATE/etcd.log" 2>&1 &
"$PROGRAMS/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
    --service-cluster-ip-range=10.96.0.0/16 --advertise-address=10.89.0.1 --secure-port=6443 \
    --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" \
    --tls-private-key-file="$pki/apiserver.key" --service-account-key-file="$pki/sa.pub" \
    --service-account-signing-key-file="$pki/sa.key" --authorization-mode=RBAC \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    > "$STATE/kube-apiserver.log" 2>&1 &
code=0
wait -n || code=$?
echo "one of them has ended with exit code $code"
tail -n 5 "$STATE/etcd.log" "$STATE/kube-apiserver.log"
exit 1
