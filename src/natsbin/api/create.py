"""Opening a benchmark, and the facts about the two search spaces."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, overload

from natsbin.api.size import NATSsize
from natsbin.api.source import Source
from natsbin.api.topology import NATStopology
from natsbin.errors import QuestionError
from natsbin.spaces import CHANNELS, OPERATIONS, SSS

NATS_BENCH_API_VERSIONs = [f"v1.{minor}" for minor in range(9)]
NATS_BENCH_TSS_NAMEs = ("tss", "topology")
NATS_BENCH_SSS_NAMEs = ("sss", "size")


def version() -> str:
    """The version of ``nats_bench`` that this answers like."""
    return NATS_BENCH_API_VERSIONs[-1]


Benchmark = str | os.PathLike[str] | Mapping[str, Any] | Source | None


@overload
def create(
    file_path_or_dict: Benchmark,
    search_space: Literal["tss", "topology"],
    fast_mode: bool = False,
    verbose: bool = True,
) -> NATStopology: ...


@overload
def create(
    file_path_or_dict: Benchmark,
    search_space: Literal["sss", "size"],
    fast_mode: bool = False,
    verbose: bool = True,
) -> NATSsize: ...


@overload
def create(
    file_path_or_dict: Benchmark, search_space: str, fast_mode: bool = False, verbose: bool = True
) -> NATStopology | NATSsize: ...


def create(
    file_path_or_dict: Benchmark,
    search_space: str,
    fast_mode: bool = False,
    verbose: bool = True,
) -> NATStopology | NATSsize:
    """Open a benchmark.

    Args:
        file_path_or_dict: a store; an original archive (folder, ``.tar`` or benchmark file), which is
            converted once into a store beside it or in the user's cache folder; the dict of a benchmark
            file; or None for what is in ``$TORCH_HOME`` (or ``$HOME/.torch``), a store first.
        search_space: ``tss`` or ``topology``, ``sss`` or ``size``.
        fast_mode: let ``arch2infos_dict`` grow with the architectures that are asked for, instead of having
            all of them from the start. Either way nothing is read before it is needed.
        verbose: print what ``nats_bench`` prints.

    Raises:
        MissingError: no such path (a ValueError and a FileNotFoundError).
        ArchiveError: an archive that is damaged, unsafe or of the other space (a ValueError).
        StoreError: a store that is damaged (an OSError).
        QuestionError: an unknown search space, or a dict that is no benchmark (a ValueError).
    """
    if search_space in NATS_BENCH_TSS_NAMEs:
        return NATStopology(file_path_or_dict, fast_mode, verbose)
    if search_space in NATS_BENCH_SSS_NAMEs:
        return NATSsize(file_path_or_dict, fast_mode, verbose)
    known = NATS_BENCH_TSS_NAMEs + NATS_BENCH_SSS_NAMEs
    raise QuestionError(f"invalid search space : {search_space}; expected one of {', '.join(known)}")


def search_space_info(main_tag: str, aux_tag: str | None) -> dict[str, Any]:
    """What a search space chooses from: ``search_space_info("nats-bench", "tss")`` or ``"sss"``."""
    if main_tag != "nats-bench":
        raise QuestionError(f"Unknown main tag: {main_tag}; expected 'nats-bench'")
    if aux_tag in NATS_BENCH_TSS_NAMEs:
        return {"op_names": list(OPERATIONS), "num_nodes": 4}
    if aux_tag in NATS_BENCH_SSS_NAMEs:
        return {"candidates": list(CHANNELS), "num_layers": SSS.digits}
    known = NATS_BENCH_TSS_NAMEs + NATS_BENCH_SSS_NAMEs
    raise QuestionError(f"Unknown auxiliary tag: {aux_tag}; expected one of {', '.join(known)}")
