"""The helper functions of ``nats_bench.api_utils``: names of sets, clocks, folders, bz2 pickles."""

from __future__ import annotations

import bz2
import importlib
import os
import pickle
import time
from typing import IO, Any

from natsbin.rules import where_kept

PICKLE_EXT = "pickle.pbz2"

_file_system = "default"


def time_string() -> str:
    """The current UTC time as ``[YYYY-MM-DD hh:mm:ss]``."""
    return time.strftime("[%Y-%m-%d %H:%M:%S]", time.gmtime())


def remap_dataset_set_names(dataset: str, metric_on_set: str, verbose: bool = False) -> tuple[str, str]:
    """Where ``valid`` and ``test`` of a dataset are kept: the dataset and set to ask for."""
    if verbose:
        print(
            f"Call internal function _remap_dataset_set_names with dataset={dataset} and metric_on_set={metric_on_set}"
        )
    dataset, metric_on_set = where_kept(dataset, metric_on_set)
    if verbose:
        print(f"  return dataset={dataset} and metric_on_set={metric_on_set}")
    return dataset, metric_on_set


def get_torch_home() -> str:
    """``$TORCH_HOME``, or ``$HOME/.torch``; ValueError where neither variable is set."""
    if "TORCH_HOME" in os.environ:
        return os.environ["TORCH_HOME"]
    if "HOME" in os.environ:
        return os.path.join(os.environ["HOME"], ".torch")
    raise ValueError("neither TORCH_HOME nor HOME is set: set one of them to say where benchmark files are kept")


def get_file_system() -> str:
    """The file system that the functions below read from: ``default`` or ``google``."""
    return _file_system


def reset_file_system(lib: str = "default") -> None:
    """Choose the file system: ``default``, or ``google`` for TensorFlow's ``gfile``."""
    global _file_system
    _file_system = lib


def _gfile() -> Any:
    if _file_system != "google":
        raise ValueError(f"unknown file system {_file_system!r}: expected 'default' or 'google'")
    return importlib.import_module("tensorflow").io.gfile


def nats_is_dir(file_path: str | os.PathLike[str]) -> bool:
    """Whether this is a folder, on the chosen file system."""
    if _file_system == "default":
        return os.path.isdir(file_path)
    return bool(_gfile().isdir(file_path))


def nats_is_file(file_path: str | os.PathLike[str]) -> bool:
    """Whether this is a file, on the chosen file system."""
    if _file_system == "default":
        return os.path.isfile(file_path)
    gfile = _gfile()
    return bool(gfile.exists(file_path) and not gfile.isdir(file_path))


def _open(file_path: str, mode: str) -> IO[bytes]:
    if _file_system == "default":
        return open(file_path, mode)
    opened: IO[bytes] = _gfile().GFile(file_path, mode)
    return opened


def pickle_save(obj: object, file_path: str | os.PathLike[str], ext: str = ".pbz2", protocol: int = 4) -> None:
    """Write a bz2-compressed pickle to ``file_path`` with ``ext`` appended."""
    with _open(str(file_path) + ext, "wb") as raw, bz2.BZ2File(raw, "wb") as packed:
        pickle.dump(obj, packed, protocol=protocol)


def pickle_load(file_path: str | os.PathLike[str], ext: str = ".pbz2") -> Any:
    """Read a bz2-compressed pickle: the file named, or the one with ``ext`` appended.

    As in ``nats_bench`` this loads any pickle, and a pickle can run code: use it on files of your own.
    Archives from elsewhere are read by :func:`natsbin.create` and ``natsbin convert``, which refuse such files.
    """
    path = str(file_path)
    with _open(path if nats_is_file(path) else path + ext, "rb") as raw, bz2.BZ2File(raw, "rb") as packed:
        return pickle.load(packed)
