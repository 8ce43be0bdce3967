#!/bin/sh
# Makes the machine's disk: Debian 12 with its own kernel, systemd, OpenSSH as Debian configures it, and crawler.service.
#
#   image.sh DIRECTORY
#
# Leaves in DIRECTORY: vmlinuz and initrd, which qemu boots without a boot loader, root.img and swap.img. Needs root, for
# debootstrap; mounts nothing. The login's public key is on the kernel's command line, so that each run makes its own.
set -eu
here=$(dirname "$0")
directory=$1
root=$directory/root

debootstrap --variant=minbase --include=systemd-sysv,udev,kmod,iproute2,openssh-server,linux-image-cloud-amd64 \
  bookworm "$root" http://deb.debian.org/debian

echo crawler1 >"$root/etc/hostname"
printf '/dev/vda / ext4 rw,noatime 0 1\n/dev/vdb none swap sw 0 0\n' >"$root/etc/fstab"
cat >"$root/etc/systemd/network/10-wired.network" <<'END'
[Match]
Name=en* eth*
[Network]
DHCP=yes
END
cat >"$root/etc/systemd/system/login-key.service" <<'END'
[Unit]
Description=Accepts the key on the kernel's command line
Before=ssh.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'umask 077; mkdir -p /root/.ssh; sed -n "s|.*crawlwatch.key=\\([^ ]*\\).*|ssh-ed25519 \\1|p" /proc/cmdline >/root/.ssh/authorized_keys'
[Install]
WantedBy=multi-user.target
END
cat >"$root/etc/systemd/system/crawler.service" <<'END'
[Unit]
Description=A crawler that leaks on command
[Service]
ExecStart=/usr/local/sbin/crawler 4 64 256
[Install]
WantedBy=multi-user.target
END
install -m 755 "$here/crawler.pl" "$root/usr/local/sbin/crawler"
chroot "$root" systemctl enable systemd-networkd ssh login-key crawler
# Nothing but the crawler and the check shall use the machine.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/usr/share/doc/* "$root"/usr/share/locale/*

cp "$root"/boot/vmlinuz-* "$directory/vmlinuz"
cp "$root"/boot/initrd.img-* "$directory/initrd"
mke2fs -q -F -t ext4 -d "$root" "$directory/root.img" 1500M
rm -rf "$root"
truncate -s 192M "$directory/swap.img"
chmod 600 "$directory/swap.img"
mkswap -q "$directory/swap.img"
