# shellcheck shell=bash
# What must be there: Go, which Debian has only in old versions, and Debian packages. Asks dpkg first, calls apt-get only
# for what is missing.

GO_LEAST=1.25
NODE_LEAST=18

has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Programs that may come from elsewhere than Debian.
has_program_instead() {
	case $1 in
	npm) command -v npm >/dev/null ;;
	nodejs) command -v node >/dev/null && [ "$(node -p 'parseInt(process.versions.node)')" -ge $NODE_LEAST ] ;;
	python3) command -v python3 >/dev/null ;;
	python3-venv) python3 -c 'import ensurepip' 2>/dev/null ;;
	*) false ;;
	esac
}

go_is_new_enough() {
	local version
	version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 1
	version=${version#go}
	[ "$(printf '%s\n%s\n' "$GO_LEAST" "${version%%[- ]*}" | sort -V | head -n 1)" = "$GO_LEAST" ]
}

# Go in the PATH, or where its own instructions put it: sudo forgets the caller's PATH.
go_ensure() {
	go_is_new_enough && return
	PATH=/usr/local/go/bin:$PATH
	go_is_new_enough ||
		die "Go $GO_LEAST or newer is needed, and Debian's is older: unpack a release from https://go.dev/dl into /usr/local (tar -C /usr/local -xzf go*.linux-*.tar.gz), then run this again"
}

# Of those listed and those named.
packages_missing() {
	local line choice
	{ cat tests/dev/packages.txt && printf '%s\n' "$@"; } | grep -v -e '^#' -e '^$' | while read -r line; do
		for choice in ${line//|/ }; do
			if has_package "$choice" || has_program_instead "$choice"; then
				continue 2
			fi
		done
		printf '%s\n' "${line%%|*}"
	done
}

as_root() {
	if is_root; then
		"$@"
	else
		sudo "$@"
	fi
}

# Debian starts a service when it installs one. Ours are private, so nothing may start: a policy file says so meanwhile.
packages_install() {
	local policy=/usr/sbin/policy-rc.d ours=false status=0
	if [ ! -e $policy ]; then
		ours=true
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod +x $policy
	fi
	as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "$@" || status=$?
	if $ours; then
		as_root rm -f $policy
	fi
	return $status
}

packages_ensure() {
	local missing
	go_ensure
	command -v dpkg-query >/dev/null || die "this is not Debian; install what tests/dev/packages.txt names yourself"
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	is_root || command -v sudo >/dev/null ||
		die "these packages are missing and only root can install them: ${missing[*]}"
	step "installing ${missing[*]}"
	quietly "$(run_folder)/apt.log" packages_install "${missing[@]}" ||
		die "apt-get could not install: ${missing[*]}"
}
