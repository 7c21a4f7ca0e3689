#!/usr/bin/env bash
# Runs this project against its peers. It installs what they need, keeps what it
# downloaded outside the tree, and ends with one line for each peer that could not be
# had. A peer that is there and disagrees fails the run.
#
#   bash interop/run.sh            every peer
#   bash interop/run.sh cxf c14n   only these packages
#
# WST_INTEROP_CACHE names the folder for what is remembered between runs; the default
# is wstrust-interop in the user's cache folder. Two runs at once do not disturb each
# other.
set -u
cd "$(dirname "$0")" || exit 1
cache=${WST_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wstrust-interop}
mkdir -p "$cache" || exit 1
run=$(mktemp -d) || exit 1
trap 'rm -rf "$run"' EXIT

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(c14n xmlsec govmomi msal cxf wss4j zeep node controls)
ready=()
missing=()

wants() { local w; for w in "${wanted[@]}"; do [ "$w" = "$1" ] && return 0; done; return 1; }

# three COMMAND...: up to three tries; what it said last is in $run/said. Who has failed
# three times is asked no more: if a registry is out of reach, it is so for the next peer too.
declare -A silent
three() {
  local n who=$1
  [ "$who" = env ] && who=apt-get
  if [ -n "${silent[$who]:-}" ]; then
    echo "error: $who has failed three times already" >"$run/said"
    return 1
  fi
  for n in 1 2 3; do
    timeout 120 "$@" >"$run/said" 2>&1 && return 0
    [ "$n" = 3 ] || sleep $((n * 5))
  done
  silent[$who]=1
  return 1
}

# without PEER WHAT: the peer is left out, and why.
without() {
  local why
  why=$(grep -v '^[[:space:]]*$' "$run/said" 2>/dev/null | sed -e 's/\x1b\[[0-9;]*m//g' -e 's#https\?://[^ ]*#(address)#g')
  why=$({ grep -i 'error\|cannot\|could not\|failed\|unable' <<<"$why" || echo "$why"; } | head -n 1 | cut -c1-200)
  missing+=("INTEROP NOT RUN: $1: $2${why:+: $why}")
}

# package COMMAND NAME...: Debian's packages, unless the command is there.
package() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return 0
  : >"$run/said"
  command -v apt-get >/dev/null || { echo "error: $command is not installed, and there is no apt-get" >"$run/said"; return 1; }
  if [ -z "${updated:-}" ]; then
    three apt-get update -q || return 1
    updated=1
  fi
  three env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" && command -v "$command" >/dev/null
}

# packages FOLDER: the Node packages that FOLDER locks, for NODE_PATH in $packages.
packages() {
  local to
  to=$cache/node-$(cat "$1"/package.json "$1"/package-lock.json | sha256sum | cut -c1-16)
  package npm nodejs npm || return 1
  if ! [ -d "$to" ]; then
    mkdir -p "$to.$$" && cp "$1"/package.json "$1"/package-lock.json "$to.$$" || return 1
    three npm ci --ignore-scripts --no-audit --no-fund --prefix "$to.$$" || { rm -rf "$to.$$"; return 1; }
    mv -T "$to.$$" "$to" 2>/dev/null || rm -rf "$to.$$"
  fi
  packages=$to/node_modules
}

# python FILE: a Python with what FILE requires, in $python. A virtual environment is moved
# once it is whole; its own scripts do not bear that, and are not used.
python() {
  local to
  to=$cache/python-$(sha256sum <"$1" | cut -c1-16)
  package python3 python3 || return 1
  if ! [ -d "$to" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || three env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv || return 1
    three python3 -m venv "$to.$$" && three "$to.$$/bin/python" -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: -r "$1" || { rm -rf "$to.$$"; return 1; }
    mv -T "$to.$$" "$to" 2>/dev/null || rm -rf "$to.$$"
  fi
  python=$to/bin/python
}

# modules: the Go modules of all peers. Whether our own packages build is for the tests to say.
modules() { three go mod download; }

cxf() {
  local jars=$cache/cxf-$(sha256sum <java/pom.xml | cut -c1-16).jars
  package javac openjdk-17-jdk-headless || { without "Apache CXF" "no Java compiler"; return; }
  if ! [ -s "$jars" ] || ! tr : '\n' <"$jars" | xargs ls >/dev/null 2>&1; then
    package mvn maven || { without "Apache CXF" "no Maven"; return; }
    three mvn -q -B -f java/pom.xml dependency:build-classpath "-Dmdep.outputFile=$run/jars" || { without "Apache CXF" "its artifacts could not be had"; return; }
    cp "$run/jars" "$jars.$$" && mv "$jars.$$" "$jars"
  fi
  if ! javac -nowarn --release 17 -cp "$(cat "$jars")" -d "$run/classes" java/src/main/java/interop/*.java; then
    echo "the Java side does not compile" >&2
    exit 1
  fi
  printf -- '-cp "%s:%s:%s"\n' "$run/classes" "$PWD/java/src/main/resources" "$(cat "$jars")" >"$run/cxf.args"
  export INTEROP_CXF_CLASSPATH=$run/cxf.args
  local peer
  for peer in cxf wss4j; do wants $peer && ready+=("./$peer"); done
}

controls() {
  local edition mod
  packages controls/node || { without "the positive controls" "their Node packages could not be had"; return; }
  for edition in vulnerable older mended; do
    mod=$edition.mod
    [ $edition = vulnerable ] && mod=go.mod
    three go -C controls/goxmldsig mod download "-modfile=$mod" || { without "the positive controls" "goxmldsig could not be had"; return; }
    go -C controls/goxmldsig build "-modfile=$mod" -o "$run/controls/$edition" . || exit 1
  done
  export INTEROP_CONTROLS_NODE=$packages INTEROP_CONTROLS_GO=$run/controls
  ready+=(./controls)
}

if wants c14n; then
  if package xmllint libxml2-utils; then ready+=(./c14n); else without libxml2 "xmllint could not be installed"; fi
fi
if wants xmlsec; then
  if package xmlsec1 xmlsec1; then ready+=(./xmlsec); else without xmlsec1 "it could not be installed"; fi
fi
if wants govmomi; then
  if modules; then ready+=(./govmomi); else without govmomi "its Go modules could not be had"; fi
fi
if wants msal; then
  if modules; then ready+=(./msal); else without "MSAL for Go" "its Go modules could not be had"; fi
fi
if wants cxf || wants wss4j; then
  if modules; then cxf; else without "Apache CXF" "the Go modules of its driver could not be had"; fi
fi

if wants zeep; then
  if python zeep/requirements.txt; then
    export INTEROP_ZEEP=$python
    ready+=(./zeep)
  else
    without zeep "its Python packages could not be had"
  fi
fi
if wants node; then
  if packages node; then
    export INTEROP_NODE=$packages
    ready+=(./node)
  else
    without "xml-crypto, xml-encryption and node-soap" "their packages could not be had"
  fi
fi
if wants controls; then controls; fi

status=0
if [ ${#ready[@]} -gt 0 ]; then
  # Whoever was installed must run: with INTEROP_STRICT a peer that is not found fails its tests instead of skipping them.
  INTEROP_STRICT=1 go test -count=1 -timeout 10m -v "${ready[@]}" >"$run/log" 2>&1
  status=$?
  if [ $status -eq 0 ]; then
    grep -E '^(ok|\?)|counted:|ready, version' "$run/log"
  else
    cat "$run/log"
  fi
fi
[ ${#missing[@]} -eq 0 ] || printf '%s\n' "${missing[@]}"
exit $status
