"""Without the extra ``batch`` the room says what to install."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
sys.modules[sys.argv[1]] = None
from crmkit.errors import MissingExtra
try:
    import crmkit.adapters.batch.lifetime
except MissingExtra as error:
    print(error)
"""


@pytest.mark.parametrize("package", ["numpy", "pyarrow"])
def test_a_missing_library_is_named_with_its_extra(package):
    said = subprocess.run([sys.executable, "-c", PROGRAM, package], capture_output=True, text=True, check=True).stdout

    assert said == f"{package} is not installed. Install it with: pip install 'crmkit[batch]'\n"
