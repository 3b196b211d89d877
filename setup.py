"""Builds the native modules; everything else about the package stands in pyproject.toml.

``NATSBIN_DEBUG=1`` builds with bounds checks and assertions inside the kernel,
``NATSBIN_SANITIZE`` adds what it names, ``address,undefined`` or ``thread``; ``tools/sanitize.py`` sets it.
"""

import gzip
import os
import tarfile
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

debug = os.environ.get("NATSBIN_DEBUG") == "1"
sanitize = os.environ.get("NATSBIN_SANITIZE")

# Answers are equal to the last bit, so a compiler may neither reorder sums nor fuse a multiply with an add.
MSVC_FLAGS = ["/Od" if debug else "/O2", "/fp:precise"]
COMPILE_FLAGS = ["-O1" if debug or sanitize else "-O3", "-ffp-contract=off"]  # of GCC, Clang and Zig
SANITIZE_FLAGS = [f"-fsanitize={sanitize}", "-fno-omit-frame-pointer"] if sanitize else []

# The folder below cext is named like the package, for there Cython finds the .pxd of what `cimport natsbin...` names.
# Cython generates the source of _cyutility: its own code for memoryviews, once instead of in every module.
SHARED = "natsbin._cyutility"
sources = {f"natsbin.{source.stem}": source for source in sorted(Path("cext/natsbin").glob("*.pyx"))}
extensions = [
    Extension(name, [source.as_posix()], extra_link_args=SANITIZE_FLAGS)
    for name, source in (sources | {SHARED: Path("cext/natsbin/_cyutility.c")}).items()
]


class BuildByCompiler(build_ext):
    """Flags are those of the compiler that is used."""

    def build_extensions(self) -> None:
        flags = MSVC_FLAGS if self.compiler.compiler_type == "msvc" else COMPILE_FLAGS + SANITIZE_FLAGS
        for extension in self.extensions:
            extension.extra_compile_args = flags
        super().build_extensions()


class ReproducibleSdist(sdist):
    """The same sources give the same bytes: files in order, of nobody, and of the time that SOURCE_DATE_EPOCH says."""

    def make_archive(self, base_name: str, format: str, root_dir: Any = None, base_dir: Any = None, **_: Any) -> str:  # type: ignore[override]
        when, name = int(os.environ.get("SOURCE_DATE_EPOCH", "0")), f"{base_name}.tar.gz"

        def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime, member.mode = when, 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        Path(name).parent.mkdir(parents=True, exist_ok=True)
        with (
            open(name, "wb") as file,
            gzip.GzipFile("", "wb", 9, file, when) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for path in sorted(Path(base_dir).rglob("*")):
                tar.add(path, path.as_posix(), recursive=False, filter=plain)
        return name


setup(
    cmdclass={"build_ext": BuildByCompiler, "sdist": ReproducibleSdist},
    ext_modules=cythonize(
        extensions,
        include_path=["cext"],
        build_dir="build/debug" if debug else None,  # the C sources with checks stay apart
        shared_utility_qualified_name=SHARED,
        compiler_directives={
            "language_level": 3,
            "boundscheck": debug,
            "wraparound": False,
            "initializedcheck": debug,
            "cdivision": True,
            "embedsignature": True,
            "auto_pickle": False,
            "autotestdict": False,
        },
    ),
)
