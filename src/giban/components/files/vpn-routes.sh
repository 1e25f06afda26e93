# Lets the devices of a VPN into the VPC and nowhere else. CIDR (devices) and NETWORK (the VPC) are set above.
# Devices leave with the host's address: security groups know the host, and no route of the VPC has to change.
out=$(ip -o route get 1.1.1.1 | sed -E 's/.* dev ([^ ]+).*/\1/')
cat >/etc/nftables.conf <<RULES
flush ruleset
table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat;
        ip saddr $CIDR ip daddr $NETWORK oifname "$out" masquerade
    }
}
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr $CIDR ip daddr $NETWORK accept
    }
}
RULES
echo net.ipv4.ip_forward=1 >/etc/sysctl.d/60-vpn.conf
sysctl -q --system
systemctl enable --now nftables
