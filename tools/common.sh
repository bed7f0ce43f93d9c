# What ./quickstart, ./check and .ci/run share.

# With the minutes since the script began.
say() {
  local line
  printf -v line '%d:%02d  %s' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
  if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$line"; else printf '\n%s\n' "$line"; fi
}

# Debian's names of what the examples and the tests are made of.
example_packages=(g++ cmake ninja-build libeigen3-dev libcli11-dev nlohmann-json3-dev zlib1g-dev libpng-dev libjpeg-dev gnuplot-nox)
test_packages=(clang catch2 libbenchmark-dev python3 libmpich-dev mpich)

# Installs the Debian packages of these names that are missing. Goes on where it cannot: the configure step then says what is not there.
install_missing() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "This is not Debian or Ubuntu. Install what these packages are there, if the next steps miss something:"
    echo "  $*"
    return
  fi

  local package missing=() as_root=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "Not root, and no sudo. Have these packages installed, if the next steps miss something:"
      echo "  ${missing[*]}"
      return
    fi
    as_root=(sudo)
  fi

  say "Installing ${missing[*]}"
  quietly "${as_root[@]}" apt-get update &&
    quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}" ||
    say "That did not work. Going on with what is there."
}

# at_least 3.25 "cmake version 3.22.1" is false.
at_least() { printf '%s\n%s\n' "$1" "$(grep -o -m1 '[0-9][0-9.]*' <<<"$2" | head -1)" | sort --check=quiet --version-sort; }

# cmake --build with these options. The compilers' memory comes in pages of 2 MB where glibc (2.35 or newer) and the kernel can do
# that: clang then takes a sixth less time, g++ a tenth.
build() { GLIBC_TUNABLES=glibc.malloc.hugetlb=1 cmake --build "$@"; }

# Runs a command whose output matters only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [ $status -eq 0 ] || { cat "$log"; echo "failed: $*"; } >&2
  rm -f "$log"
  return $status
}
