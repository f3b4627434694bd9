# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# --persist: at every boot, a systemd unit repeats the setups that the journals in /var/lib record.
# The sysctls have a file of their own, so that they apply before any address exists, and survive
# `sysctl --system`.

readonly UNIT=pinion-real-server.service
readonly UNIT_FILE=/etc/systemd/system/$UNIT
readonly SYSCTL_FILE=/etc/sysctl.d/60-pinion-real-server.conf

keep_at_boot() {
  [[ -O $(realpath "$0") ]] ||
    die "--persist: each boot would run $(realpath "$0"), which root does not own; \
install it as root first"
  command -v systemctl >/dev/null ||
    die "--persist needs systemd; without it, run '$NAME setup $METHOD$(options)' at each boot"
  if [[ $JOURNAL != "$LASTING"/* ]]; then
    mkdir -p "$LASTING"
    mv "$JOURNAL" "$LASTING/$METHOD"
    JOURNAL=$LASTING/$METHOD
    rmdir "$VOLATILE" 2>/dev/null || true
  fi
  write_boot_files
}

# Writes the files that the journals in /var/lib ask for, or removes them.
write_boot_files() {
  local start
  start=$(start_lines)
  if [[ -n $start ]]; then
    write_file "$SYSCTL_FILE" "$(sysctl_text)"
    write_file "$UNIT_FILE" "$(unit_text "$start")"
    systemctl is-enabled --quiet "$UNIT" 2>/dev/null || run systemctl enable "$UNIT" ||
      die "'systemctl enable $UNIT' failed: $ERROR"
  elif [[ -e $UNIT_FILE ]]; then
    run systemctl disable "$UNIT" || die "'systemctl disable $UNIT' failed: $ERROR"
    run rm -f "$UNIT_FILE" "$SYSCTL_FILE"
  fi
}

write_file() { # PATH TEXT
  if [[ -f $1 && $(<"$1") == "$2" ]]; then
    already "$1"
    return
  fi
  echo "+ write $1"
  mkdir -p "${1%/*}"
  echo "$2" >"$1"
  [[ $1 != "$UNIT_FILE" || ! -d /run/systemd/system ]] || run systemctl daemon-reload
}

start_lines() {
  local file options program
  program=$(realpath "$0")
  for file in "$LASTING"/*; do
    options=$(last_setup "$file")
    [[ -z $options ]] || echo "ExecStart=$program setup ${file##*/} $options --persist"
  done
}

unit_text() { # START-LINES
  cat <<TEXT
# Written by pinion-real-server setup --persist, removed by pinion-real-server undo.
[Unit]
Description=Pinion real server setup
Documentation=man:pinion-real-server(8)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
$1

[Install]
WantedBy=multi-user.target
TEXT
}

# The current values of the sysctls that a setup has changed. A device may appear later, or never:
# hence the "-".
sysctl_text() {
  local setting
  echo "# Written by pinion-real-server setup --persist, removed by pinion-real-server undo."
  sed -n 's/^undo sysctl -w \(.*\)=.*/\1/p' "$LASTING"/* | sort -u | while read -r setting; do
    path_of "$setting"
    [[ ! -r $REPLY ]] || echo "-$setting = $(<"$REPLY")"
  done
}

check_boot() {
  [[ $JOURNAL == "$LASTING"/* ]] || return 0
  if [[ ! -f $UNIT_FILE || $(<"$UNIT_FILE") != "$(unit_text "$(start_lines)")" ]] ||
    ! systemctl is-enabled --quiet "$UNIT" 2>/dev/null; then
    unfit "$UNIT will not set this up at the next boot" \
      "$(realpath "$0") setup $METHOD $(last_setup "$JOURNAL") --persist"
  fi
}
