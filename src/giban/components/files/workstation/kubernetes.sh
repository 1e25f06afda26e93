# A cluster on the host. Read by configure.sh.
case $KUBERNETES in
    k3s)
        # Neither its Traefik nor its load balancer: both would take port 443 from the editor.
        cat >/etc/systemd/system/k3s.service <<'UNIT'
[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s server --disable traefik --disable servicelb --write-kubeconfig-mode 0640 --write-kubeconfig-group coder
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
        printf 'export KUBECONFIG=/etc/rancher/k3s/k3s.yaml\n' >/etc/profile.d/giban-kubernetes.sh
        systemctl daemon-reload
        systemctl enable k3s.service
        systemctl start --no-block k3s.service
        ;;
    minikube)
        install -d -m 0750 -o coder -g coder /var/lib/minikube
        printf 'export MINIKUBE_HOME=/var/lib/minikube\n' >/etc/profile.d/giban-kubernetes.sh
        cat >/etc/systemd/system/minikube.service <<'UNIT'
[Unit]
Description=Kubernetes in Docker
Wants=network-online.target
After=network-online.target docker.service
Requires=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
User=coder
Environment=HOME=/home/coder MINIKUBE_HOME=/var/lib/minikube
ExecStart=/usr/local/bin/minikube start --driver=docker --wait=apiserver
ExecStop=/usr/local/bin/minikube stop
TimeoutStartSec=infinity
Restart=on-failure
RestartSec=30
UNIT
        systemctl daemon-reload
        systemctl start --no-block minikube.service
        ;;
esac
