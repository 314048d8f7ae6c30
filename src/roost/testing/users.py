"""A Python for users without rights: that of the tests may lie where only root can look."""

import os
import shutil
import subprocess
import sys

NOBODY = 65534


def python_for_nobody() -> tuple[list[str], dict[str, str]] | None:
    """An interpreter with which `nobody` can run roost, and its environment; None for none.

    The tests' own, else the system's of the same version with the tests' packages. Needs root.
    """
    code = f"import os; os.setgid({NOBODY}); os.setuid({NOBODY}); import roost.app.run, ctypes.util"
    ours = [place for place in sys.path if place and not place.startswith(sys.base_prefix)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(ours)}
    name = f"python3.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(name, path="/usr/local/bin:/usr/bin")):
        if python is None:
            continue
        tried = subprocess.run(
            [python, "-c", code], env=environment, capture_output=True, check=False
        )
        if tried.returncode == 0:
            return [python], environment
    return None
