# code-server behind Traefik, with a certificate by DNS challenge; the repositories, opened together. Read by configure.sh.

# --- Traefik: certificates live on the home volume, so that rebuilds ask for no new ones -------------------------------------
install -d -m 0700 -o traefik -g traefik /home/.giban/traefik
install -d -m 0755 /etc/traefik
address=:443
[ "$VPN" = none ] || address=$VPN_ADDRESS:443
cat >/etc/traefik/traefik.yaml <<CONFIG
global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: INFO}
entryPoints:
  editor:
    address: "$address"
    transport:
      respondingTimeouts: {readTimeout: 0s, idleTimeout: 3600s}
providers:
  file: {filename: /etc/traefik/routes.yaml}
certificatesResolvers:
  challenge:
    acme:
      storage: /home/.giban/traefik/acme.json
      keyType: EC256
      dnsChallenge: {provider: route53}
CONFIG
cat >/etc/traefik/routes.yaml <<CONFIG
http:
  routers:
    editor:
      rule: Host(\`$HOST\`)
      entryPoints: [editor]
      service: editor
      middlewares: [headers]
      tls: {certResolver: challenge, options: default}
  services:
    editor:
      loadBalancer: {servers: [{url: "http://127.0.0.1:8080"}]}
  middlewares:
    headers:
      headers: {stsSeconds: 31536000, contentTypeNosniff: true, referrerPolicy: same-origin}
tls:
  options:
    default: {minVersion: VersionTLS12, sniStrict: true}
CONFIG
cat >/etc/systemd/system/traefik.service <<UNIT
[Unit]
Description=TLS in front of the editor
Wants=network-online.target
After=network-online.target
RequiresMountsFor=/home
StartLimitIntervalSec=0

[Service]
User=traefik
Environment=AWS_REGION=$REGION AWS_HOSTED_ZONE_ID=$ZONE
ExecStart=/usr/local/bin/traefik --configFile=/etc/traefik/traefik.yaml
Restart=always
RestartSec=5
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths=/home/.giban/traefik
UNIT
systemctl daemon-reload
systemctl restart traefik.service

# --- git: the token is asked of Secrets Manager each time git needs it ------------------------------------------------------
printf 'REGION=%s\nGIT_SECRET=%s\nGIT_HOSTS=%s\n' "$REGION" "$GIT_SECRET" "$GIT_HOSTS" >/etc/giban/git
for host in $GIT_HOSTS; do
    git config --system --replace-all "credential.https://$host.helper" /opt/giban/bin/git-credential-giban
done

as_coder() { runuser -u coder -- env HOME=/home/coder GIT_TERMINAL_PROMPT=0 "$@"; }
while read -r folder url; do
    [ -n "$folder" ] || continue
    [ -e "/home/coder/$folder" ] && continue
    # A repository that cannot be had keeps nobody from the others; the next start tries again.
    if as_coder git clone --quiet "$url" "/home/coder/.cloning-$folder"; then
        as_coder mv "/home/coder/.cloning-$folder" "/home/coder/$folder"
    else
        echo "Not cloned: $url. Is git_token right?" >&2
        rm -rf "/home/coder/.cloning-$folder"
    fi
done <<<"$REPOSITORIES"

# The workspace: folders are added, what the developer changed in it stays.
as_coder python3 - "/home/coder/$NAME.code-workspace" "$REPOSITORIES" <<'PYTHON' || true
import json
import os
import sys

path, listed = sys.argv[1], [line.split()[0] for line in sys.argv[2].splitlines() if line.strip()]
try:
    with open(path) as file:
        workspace = json.load(file)
    folders = workspace.setdefault("folders", [])
    there = {folder.get("path") for folder in folders}
except FileNotFoundError:
    folders, there = [], set()
    workspace = {"folders": folders, "settings": {}}
except (ValueError, AttributeError) as error:
    sys.exit("The workspace is left as it is: %s" % error)
missing = [name for name in listed or ["."] if name not in there and not (name == "." and there)]
if missing or not os.path.exists(path):
    folders += [{"path": name} for name in missing]
    with open(path + ".new", "w") as file:
        json.dump(workspace, file, indent=4)
        file.write("\n")
    os.replace(path + ".new", path)
PYTHON

# --- code-server: only Traefik reaches it; the password is in memory, hashed ------------------------------------------------
cat >/etc/systemd/system/code-server.service <<UNIT
[Unit]
Description=Visual Studio Code in the browser
RequiresMountsFor=/home
StartLimitIntervalSec=0

[Service]
User=coder
WorkingDirectory=/home/coder
# HASHED_PASSWORD; systemd reads it as root. code-server takes it out of the environment of its terminals.
EnvironmentFile=/run/giban/code-server.env
ExecStart=/usr/local/bin/code-server --bind-addr 127.0.0.1:8080 --auth password --disable-telemetry --disable-update-check \\
    --app-name $NAME /home/coder/$NAME.code-workspace
Restart=always
RestartSec=3
UNIT
systemctl daemon-reload
# The editor counts as there when a browser can open it: give the first certificate some time.
for _ in $(seq 60); do
    grep -q "\"$HOST\"" /home/.giban/traefik/acme.json 2>/dev/null && break
    sleep 3
done
/opt/giban/bin/host-secret password
