#!/usr/bin/env bash
# Gathers what runs: programs into DESTINATION/bin, the libraries of LibTorch and Arrow that they load into lib, and into
# `packages` the Debian packages with the other libraries. Usage: docker/collect.sh BUILD DESTINATION
set -euo pipefail
build=$1 destination=$2
mkdir -p "$destination/bin" "$destination/lib"
programs=("$build/bin/temper" "$build/bin/temper-trainer" "$build/libtemper_parquet.so")
install -s "${programs[@]}" "$destination/bin"

# The package that a library is of; Debian knows some by their path before /lib became a link to /usr/lib.
package_of() {
  local path
  path=$(realpath "$1")
  dpkg-query --search "$path" "${path#/usr}" 2> /dev/null | sed -n '1s/:.*//p'
}

# Every library that the loader finds for them: those of a wheel are copied, those of Debian named by their package.
declare -A packages=([ca-certificates]=1 [openmpi-bin]=1 [libcurl4]=1)  # libcurl is loaded when first needed
while read -r library; do
  package=$(package_of "$library" || true)
  if [ -n "$package" ]; then
    packages[$package]=1
  else
    cp --dereference "$library" "$destination/lib"
  fi
done < <(ldd "${programs[@]}" | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p' | sort -u)
# Found beside each other wherever the folder is.
for file in "$destination"/bin/*; do patchelf --set-rpath '$ORIGIN/../lib' "$file"; done
for file in "$destination"/lib/*; do patchelf --set-rpath '$ORIGIN' "$file"; done
printf '%s\n' "${!packages[@]}" | sort > "$destination/packages"
