# WireGuard: the only way to the editor and SSH. Read by configure.sh. The key is made at the first boot and kept in Secrets Manager,
# so that a rebuilt host has the same; a configuration for each device lies in /home/coder/wireguard, without the device's own key.
umask 077
install -d -m 0700 /etc/wireguard
/opt/giban/bin/host-secret tunnel "$VPN_SECRET" >/run/giban/tunnel.key
{
    printf '[Interface]\nPrivateKey = %s\nAddress = %s/%s\nListenPort = %s\n' \
        "$(cat /run/giban/tunnel.key)" "$VPN_ADDRESS" "${VPN_CIDR#*/}" "$VPN_PORT"
    while read -r name public address; do
        [ -n "$name" ] || continue
        printf '\n[Peer]\n# %s\nPublicKey = %s\nAllowedIPs = %s/32\n' "$name" "$public" "$address"
    done <<<"$VPN_PEERS"
} >/etc/wireguard/giban.conf
public_key=$(wg pubkey </run/giban/tunnel.key)
rm -f /run/giban/tunnel.key
umask 022
install -d -m 0700 -o coder -g coder /home/coder/wireguard
while read -r name _ address; do
    [ -n "$name" ] || continue
    printf '[Interface]\n# PrivateKey = of the device %s\nAddress = %s/32\n\n[Peer]\nPublicKey = %s\nEndpoint = %s\nAllowedIPs = %s/32\n' \
        "$name" "$address" "$public_key" "$VPN_ENDPOINT" "$VPN_ADDRESS" >"/home/coder/wireguard/$name.conf"
    chown coder:coder "/home/coder/wireguard/$name.conf"
done <<<"$VPN_PEERS"
systemctl enable wg-quick@giban
systemctl restart wg-quick@giban
