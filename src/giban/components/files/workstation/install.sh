# Installs what a workstation needs and Ubuntu 24.04 does not bring. Run at the first boot, or once when an image is baked;
# what is there in the right version is left alone. Set before: KUBERNETES, VPN, and BAKE=yes when an image is made.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
bin=/opt/giban/bin
install -d -m 0755 /opt/giban "$bin"

# Versions, and the checksums their projects publish beside the releases.
CODE_SERVER=4.139.1
TRAEFIK=3.7.1
K3S=v1.36.1+k3s1
MINIKUBE=v1.38.1
architecture=$(dpkg --print-architecture)
case $architecture in
    amd64)
        CODE_SERVER_SUM=53029be6c5781b7bca49b815fcc9a2a3fc111813ad8c9965b2c0f0d2985a0674
        TRAEFIK_SUM=e92bcfb03fa1e6a70c4e7ad4eb4f1604967e6fa3c21d8e7605aca5407a40162c
        K3S_FILE=k3s
        K3S_SUM=a443db3fe9820cd93617ae67e4386d87c1514c1e96ceb30f4c2791c39065653c
        MINIKUBE_SUM=099477eaf248bcb5bcea8ce78a2898e93ac01461c35189da1848c3de82ecd22e
        ;;
    arm64)
        CODE_SERVER_SUM=0edb4b60d9c4744b2dd14b0911e3c2e6dd8c6f3c13bd58bda23ae744e59e7df1
        TRAEFIK_SUM=911ad9f4c21a58fdcbf09c75d967a280c9eec22b3d056fc7f4950cd3294c22b8
        K3S_FILE=k3s-arm64
        K3S_SUM=2240e9f7fd8cf36e9998d7ef18781975780d724b59408174618ec15b410891dc
        MINIKUBE_SUM=a0b8a1ebfc8c07a247271d8df98ac0ddd7c8c855b601d402463e2e50c08c6bab
        ;;
    *)
        echo "There is no software for $architecture processors here." >&2
        exit 1
        ;;
esac

# A file from the internet, tried for some minutes, and taken only with the right checksum.
download() { # url, checksum, file
    local attempt
    for attempt in 1 2 3 4 5 6 7 8; do
        if curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 --connect-timeout 15 \
            --output "$3.part" "$1" && printf '%s  %s\n' "$2" "$3.part" | sha256sum --check --quiet; then
            mv "$3.part" "$3"
            return 0
        fi
        rm -f "$3.part"
        sleep $((attempt * 5))
    done
    echo "Not to be had as it should be: $1" >&2
    return 1
}

packages=(argon2 ca-certificates curl docker-buildx docker-compose-v2 docker.io git python3-boto3)
[ "$VPN" = wireguard ] && packages+=(wireguard-tools)
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    for attempt in 1 2 3 4 5 6 7 8; do
        # Updates of the system may hold the lock at a first boot; apt waits for it.
        if apt-get update -qq && apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}"; then
            break
        fi
        [ "$attempt" -lt 8 ] || exit 1
        sleep $((attempt * 5))
    done
fi

if [ ! -x "/opt/code-server-$CODE_SERVER/bin/code-server" ]; then
    download "https://github.com/coder/code-server/releases/download/v$CODE_SERVER/code-server-$CODE_SERVER-linux-$architecture.tar.gz" \
        "$CODE_SERVER_SUM" /opt/giban/code-server.tar.gz
    rm -rf /opt/giban/unpacked && mkdir /opt/giban/unpacked
    tar -xzf /opt/giban/code-server.tar.gz -C /opt/giban/unpacked --strip-components=1 --no-same-owner
    rm -rf /opt/code-server-*
    mv /opt/giban/unpacked "/opt/code-server-$CODE_SERVER"
    rm -f /opt/giban/code-server.tar.gz
fi
ln -sfn "/opt/code-server-$CODE_SERVER/bin/code-server" /usr/local/bin/code-server

if [ ! -x "$bin/traefik-$TRAEFIK" ]; then
    download "https://github.com/traefik/traefik/releases/download/v$TRAEFIK/traefik_v${TRAEFIK}_linux_$architecture.tar.gz" \
        "$TRAEFIK_SUM" /opt/giban/traefik.tar.gz
    tar -xzf /opt/giban/traefik.tar.gz -C /opt/giban --no-same-owner traefik
    mv /opt/giban/traefik "$bin/traefik-$TRAEFIK"
    rm -f /opt/giban/traefik.tar.gz
fi
ln -sfn "$bin/traefik-$TRAEFIK" /usr/local/bin/traefik

case $KUBERNETES in
    k3s)
        if [ ! -x "$bin/k3s-$K3S" ]; then
            download "https://github.com/k3s-io/k3s/releases/download/${K3S/+/%2B}/$K3S_FILE" "$K3S_SUM" /opt/giban/k3s
            install -m 0755 /opt/giban/k3s "$bin/k3s-$K3S"
            rm -f /opt/giban/k3s
        fi
        for name in k3s kubectl crictl; do ln -sfn "$bin/k3s-$K3S" "/usr/local/bin/$name"; done
        ;;
    minikube)
        if [ ! -x "$bin/minikube-$MINIKUBE" ]; then
            download "https://github.com/kubernetes/minikube/releases/download/$MINIKUBE/minikube-linux-$architecture" \
                "$MINIKUBE_SUM" /opt/giban/minikube
            install -m 0755 /opt/giban/minikube "$bin/minikube-$MINIKUBE"
            rm -f /opt/giban/minikube
        fi
        ln -sfn "$bin/minikube-$MINIKUBE" /usr/local/bin/minikube
        rm -f /usr/local/bin/kubectl
        printf '#!/bin/sh\nexec minikube kubectl -- "$@"\n' >/usr/local/bin/kubectl
        chmod 0755 /usr/local/bin/kubectl
        ;;
esac

# The developer. The number is fixed: files of the home volume belong to it on every machine.
id coder >/dev/null 2>&1 || useradd --uid 1500 --user-group --no-create-home --home-dir /home/coder --shell /bin/bash coder
usermod --append --groups docker coder
printf 'coder ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/coder
chmod 0440 /etc/sudoers.d/coder
id traefik >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin traefik

if [ "${BAKE:-no}" = yes ] && [ "$KUBERNETES" = minikube ]; then
    systemctl start docker
    install -d -m 0750 -o coder -g coder /var/lib/minikube
    runuser -u coder -- env MINIKUBE_HOME=/var/lib/minikube minikube start --driver=docker --download-only
fi
