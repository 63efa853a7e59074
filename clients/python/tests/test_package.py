"""The package as it is published."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

PROJECT = Path(__file__).parent.parent


def test_the_wheel_has_everything_that_is_imported_with_types_and_licence(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)  # noqa: S603
    (wheel,) = tmp_path.glob("odograph-*-py3-none-any.whl")
    sources = {
        str(file.relative_to(PROJECT / "src"))
        for file in (PROJECT / "src" / "odograph").rglob("*")
        if file.suffix in (".py", ".pyi", ".typed")
    }
    assert sources | {"odograph/LICENSE"} <= set(ZipFile(wheel).namelist())
