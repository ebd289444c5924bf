# Sourced by scripts/start, scripts/test and scripts/bench: says what is missing, installs it, builds a preset.
# Nothing is asked of the network or of apt where nothing is missing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
stop() { printf 'trapline: %s\n' "$*" >&2; exit 77; }

# packages_for KIND...: the package names of those kinds.
packages_for() {
  local kind
  for kind in "$@"; do
    awk -v kind="$kind" '$1 == kind { print $2 }' "$root/scripts/packages.txt"
  done
}

reason_for() {
  awk -v package="$1" '$2 == package { $1 = $2 = ""; sub(/^ +/, ""); print }' "$root/scripts/packages.txt"
}

is_installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

install_missing() {
  command -v dpkg-query >/dev/null 2>&1 ||
    stop "this host has no dpkg: install the packages named in scripts/packages.txt by its own means, then run cmake --preset release && cmake --build build/release"
  local missing=() package
  for package in $(packages_for "$@"); do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0

  say "Trapline needs ${#missing[@]} Debian packages that are not here:"
  for package in "${missing[@]}"; do
    printf '  %-20s %s\n' "$package" "$(reason_for "$package")"
  done
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
      stop "installing them takes root and there is no sudo here: ask an administrator for apt-get install ${missing[*]}"
    say "Installing them takes root, so sudo may ask for your password."
    as_root=(sudo)
  fi
  say "Installing (apt-get update, apt-get install) ..."
  run_quietly "${as_root[@]}" apt-get update -q || stop "apt-get update failed: see $quiet_log, mend the network or /etc/apt/sources.list, and run this again"
  run_quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    stop "apt-get install ${missing[*]} failed: see $quiet_log, install them by hand, and run this again"
}

# Keeps a long command's output in a log, with a dot every few seconds for whoever watches.
run_quietly() {
  mkdir -p "$root/build"
  quiet_log=$root/build/set-up.log
  "$@" >>"$quiet_log" 2>&1 </dev/null &
  local job=$!
  while kill -0 "$job" 2>/dev/null; do
    printf '.'
    sleep 2
  done
  printf '\n'
  wait "$job"
}

# build_preset PRESET [TARGET...]: configures once, then builds what changed, with ninja's own progress.
build_preset() {
  local preset=$1
  shift
  (
    cd "$root" || exit 1
    if [ ! -f "build/$preset/build.ninja" ]; then
      say "Configuring build/$preset ..."
      cmake --preset "$preset" >"build/$preset-configure.log" 2>&1 || {
        tail -n 20 "build/$preset-configure.log" >&2
        stop "cmake could not configure build/$preset: the log is build/$preset-configure.log"
      }
    fi
    say "Building build/$preset ..."
    cmake --build "build/$preset" ${1:+--target "$@"} || stop "the build of build/$preset failed: mend what the compiler names above"
  ) || exit $?
}
