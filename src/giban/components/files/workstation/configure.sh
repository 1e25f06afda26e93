# Makes a host the workstation that its settings describe. Runs at every boot as root; each step leaves alone what is right.
set -euo pipefail
here=/opt/giban/current
# shellcheck source=/dev/null
. "$here/settings"
export AWS_DEFAULT_REGION=$REGION
install -d -m 0755 /opt/giban /etc/giban
install -d -m 0755 /run/giban

# --- the home volume ----------------------------------------------------------------------------------------------------------
. "$here/home.sh"
if ! mountpoint -q /home; then
    until home=$(home_device); do
        echo "The home volume $VOLUME is not attached yet."
        sleep 3
    done
    prepare_home "$home"
    mount -o defaults,nosuid "$home" /home
fi
# The volume may have grown. This does nothing when it has not.
resize2fs "$(findmnt --noheadings --output SOURCE /home)" || true

# --- software, unless the image brings it ------------------------------------------------------------------------------------
if [ "$IMAGE" = baked ] && [ -x /usr/local/bin/code-server ] && [ -x /usr/local/bin/traefik ] && [ -x /usr/bin/docker ]; then
    echo "The image brings the software."
else
    KUBERNETES=$KUBERNETES VPN=$VPN bash "$here/install.sh"
fi
for tool in git-credential-giban host-secret; do
    install -m 0755 "$here/$tool" "/opt/giban/bin/$tool"
done
if [ ! -d /home/coder ]; then
    install -d -m 0750 -o coder -g coder /home/coder
    cp -rT /etc/skel /home/coder
    chown -R coder:coder /home/coder
fi
# What the machine keeps on the home volume for itself.
install -d -m 0711 /home/.giban

# SSH: no passwords. From outside only Session Manager and the tunnel lead to it.
install -d -m 0755 /etc/ssh/sshd_config.d
printf 'PasswordAuthentication no\nPermitRootLogin no\nKbdInteractiveAuthentication no\n' >/etc/ssh/sshd_config.d/10-giban.conf
systemctl try-reload-or-restart ssh || true
systemctl enable --now docker

# --- reports to the admin API, as early as can be: who waits for the editor sees that the machine lives ----------------------
until /opt/giban/bin/host-secret key; do
    echo "The host's secret has no value yet: the keeper fills it in at its next tick."
    sleep 5
done
umask 077
cat >/etc/giban/agent.json.new <<CONFIG
{
    "api": "https://$ADMIN",
    "key_file": "/run/giban/agent.key",
    "ide": "http://127.0.0.1:8080/healthz",
    "max_uptime": $MAX_UPTIME,
    "shutdown": ["systemctl", "poweroff"],
    "password_helper": ["systemctl", "start", "giban-password.service"]
}
CONFIG
mv /etc/giban/agent.json.new /etc/giban/agent.json
umask 022
install -m 0755 "$here/giban_agent.py" /opt/giban/giban_agent.py
install -m 0644 "$here/giban-agent.service" /etc/systemd/system/giban-agent.service
# The agent may look at much and change nothing; systemd does it for the agent.
cat >/etc/systemd/system/giban-password.service <<'UNIT'
[Unit]
Description=Take the editor's password from Secrets Manager

[Service]
Type=oneshot
ExecStart=/opt/giban/bin/host-secret password
UNIT
systemctl daemon-reload
systemctl restart giban-agent.service

# --- memory and disks to CloudWatch, where somebody watches them --------------------------------------------------------------
if [ -e "$here/measure" ]; then
    install -m 0755 "$here/measure" /opt/giban/bin/measure
    cat >/etc/systemd/system/giban-measure.service <<UNIT
[Unit]
Description=Memory and disks to CloudWatch

[Service]
Type=oneshot
Environment=AWS_DEFAULT_REGION=$REGION
ExecStart=/opt/giban/bin/measure $NAMESPACE $(cat /var/lib/cloud/data/instance-id) / /home
UNIT
    cat >/etc/systemd/system/giban-measure.timer <<'UNIT'
[Unit]
Description=Memory and disks to CloudWatch, every minute

[Timer]
OnActiveSec=30
OnUnitActiveSec=60

[Install]
WantedBy=timers.target
UNIT
    systemctl daemon-reload
    systemctl enable --now giban-measure.timer
fi

# --- the rest, each in a file of its own -------------------------------------------------------------------------------------
[ "$VPN" = none ] || . "$here/tunnel.sh"
. "$here/editor.sh"
[ "$KUBERNETES" = none ] || . "$here/kubernetes.sh"
echo "https://$HOST"
