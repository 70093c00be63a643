#!/bin/bash
# Runs systemd as the first process of a machine of its own, made of namespaces: boot-systemd.sh NAME FOLDER UNITS EXECUTABLE
# It sees this system's files, with /etc and /var/lib its own, and UNITS as all the units there are. Needs root; ends when it is killed.
set -e
name=$1 folder=$2 units=$3 executable=$4

if [ "$5" != inside ]; then
    # Below a group of its own everywhere, so that all the groups it makes are found again. The memory of the caller's stays counted.
    for hierarchy in /sys/fs/cgroup/*/; do
        [ -e "$hierarchy/cgroup.procs" ] || continue
        mkdir -p "$hierarchy/$name" 2>/dev/null || continue
        for file in cpuset.cpus cpuset.mems; do
            if [ -e "$hierarchy/$file" ]; then cat "$hierarchy/$file" >"$hierarchy/$name/$file"; fi
        done
        echo $$ >"$hierarchy/$name/cgroup.procs" 2>/dev/null || true
    done
    exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child --mount-proc \
        "$BASH" "$0" "$name" "$folder" "$units" "$executable" inside
fi

mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/etc /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work /etc
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /opt
touch /opt/streamctl
mount --bind "$executable" /opt/streamctl
mkdir -p /etc/streamctl
cp "$folder/streamctl.yaml" /etc/streamctl/streamctl.yaml
umount -R /sys/fs/cgroup 2>/dev/null || umount -lR /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd,xattr cgroup /sys/fs/cgroup/systemd
ip link set lo up
systemd-sysusers "$units/streamctl.sysusers.conf"
export container=streamctl-test SYSTEMD_UNIT_PATH="$units"
exec /lib/systemd/systemd --system --unit=test.target --log-target=console --log-level=info
