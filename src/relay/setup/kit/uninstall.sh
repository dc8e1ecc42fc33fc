#!/usr/bin/env bash
# Takes out again what setup.sh put in. Takes the same options.
exec bash "$(dirname "${BASH_SOURCE[0]}")/setup.sh" --uninstall "$@"
