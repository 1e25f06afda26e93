# The home volume: found by its number, formatted only when nothing was ever written to it. Read by configure.sh.

home_device() { # its block device: hosts with NVMe name it by number, older ones by letter
    local candidate
    for candidate in "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}" /dev/xvdf /dev/sdf; do
        if [ -b "$candidate" ]; then
            readlink -f "$candidate"
            return 0
        fi
    done
    return 1
}

is_blank() { # nothing that blkid knows (2), and nothing at all in the first 16 MiB
    local probed=0
    blkid -p "$1" >/dev/null || probed=$?
    [ "$probed" -eq 2 ] && cmp --silent --bytes=16777216 "$1" /dev/zero
}

prepare_home() { # a file system on a blank volume; on any other nothing is changed
    udevadm settle 2>/dev/null || true
    if is_blank "$1"; then
        echo "The home volume is blank: formatting it."
        mkfs.ext4 -q -m 0 -L giban-home "$1"
    elif [ "$(blkid -p -o value -s TYPE "$1")" != ext4 ]; then
        echo "$1 holds something that is not our file system. It is left as it is; look at it, or attach another volume." >&2
        return 1
    fi
}
