"""What all tests share: programs from outside the package, skipped with a reason when missing."""

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked external("program") whose program is not here, unless it must be."""
    for marker in item.iter_markers("external"):
        for program in marker.args:
            if shutil.which(program) is None:
                if program in os.environ.get("ROOST_REQUIRE_EXTERNAL", "").split():
                    pytest.fail(f"{program} was installed for this run, yet it is not on the PATH")
                pytest.skip(f"{program} is not installed")
