# cython: annotation_typing=False
"""The methods of the compatible API that searches call all the time: native answers first, else objects'.

``natsbin.api.benchmark`` derives its class from the one here and says how objects answer.
"""

cimport cython

from natsbin._scalar cimport ScalarAnswers, Simulated

from collections import OrderedDict

from natsbin.rules import SEARCHED as _SEARCHED

cdef extern from "Python.h":
    int PyODict_SetItem(object ordered, object key, object value) except -1

cdef object searched = _SEARCHED

NOT_MADE = object()
"""Stands in ``arch2infos_dict`` for an architecture that is there but has no object yet."""


@cython.final
cdef class Clock:
    """The simulated time in seconds, which an API object shares with its batch."""

    cdef public object _used_time

    def __cinit__(self):
        self._used_time = 0


cdef class NativeFirst:
    """What an API object asks ``_native`` before its objects. A subclass has the methods that objects answer with.

    These are ``_more_info``, ``_cost_info`` and ``_simulate``; ``_find_index`` finds any index, ``archstr2index`` has
    the index of each string, and ``_present`` a byte for each index: whether the store that was opened has it.
    """

    cdef public object verbose
    cdef public ScalarAnswers _native
    cdef readonly Clock _clock

    def __cinit__(self):
        self._clock = Clock()

    @property
    def _used_time(self):
        return self._clock._used_time

    @_used_time.setter
    def _used_time(self, seconds):
        self._clock._used_time = seconds

    cdef inline object index_of(self, arch):
        """The index of an architecture string; anything else, and a string that is none, as it is."""
        return self.archstr2index.get(arch, arch) if type(arch) is str else arch

    cdef bint arrives(self, index) except -1:
        """In fast mode, do what ``reload`` does with an architecture of our own store that was not asked for before.

        False where there is nothing to do, or more.
        """
        if self.verbose or self._native is None or not self._native.is_new(index) or not self._fast_mode:
            return False
        if self._archive_dir is not self._opened_path or not (<bytes?> self._present)[index]:
            return False
        infos = self.arch2infos_dict if self._infos is None else self._infos
        if not isinstance(infos, OrderedDict):
            return False
        # what its add_unloaded does, in a third of the time: a search meets every architecture once
        PyODict_SetItem(infos, index, NOT_MADE)
        self._native.mark_unloaded(index)
        self._avaliable_hps.update(self._source.hps)
        self.evaluated_indexes.add(index)
        return True

    def _arrives(self, index):
        return self.arrives(index)

    def query_index_by_arch(self, arch):
        """The index of an architecture given as an index, a string, or an object with ``tostr()``.

        -1 for a string that is not in this search space; ValueError for an index out of range.
        """
        if type(arch) is str and not self.verbose:
            return self.archstr2index.get(arch, -1)
        return self._find_index(arch)

    def get_more_info(
        self,
        index,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        is_random: bool | int = True,
    ) -> dict:
        """Loss, accuracy and seconds on each set of a dataset after an epoch (counted from 0; None: the last).

        ``is_random``: True for one random training, False for the mean over the seeds, or a seed.
        """
        cdef object place, answer
        if self._native is not None and not self.verbose:
            place = self.index_of(index)
            self.arrives(place)
            answer = self._native.more_info(place, dataset, iepoch, hp, is_random)
            if answer is not None:
                return answer
        return self._more_info(index, dataset, iepoch, hp, is_random)

    def get_cost_info(self, index, dataset: str, hp: str | int = "12") -> dict:
        """FLOPs and parameters in millions, latency and times in seconds, each the mean over the seeds.

        ``index`` may also be an architecture string or an object with ``tostr()``.
        """
        cdef object place, answer
        if self._native is not None and not self.verbose:
            place = self.index_of(index)
            self.arrives(place)
            answer = self._native.cost_info(place, dataset, hp)
            if answer is not None:
                return answer
        return self._cost_info(index, dataset, hp)

    def simulate_train_eval(
        self,
        arch,
        dataset: str,
        iepoch: int | None = None,
        hp: str | int = "12",
        account_time: bool = True,
    ) -> tuple:
        """What training an architecture and validating it after an epoch would give, and take.

        Validation accuracy in percent, latency in seconds, the seconds it takes, and the simulated clock in
        seconds, which moves on by them unless ``account_time`` is False.
        """
        cdef object place, seconds
        cdef Simulated found
        if self._native is not None and not self.verbose:
            place = self.index_of(arch)
            if self._native.is_new(place) and dataset in searched:
                self.arrives(place)
            if self._native.simulate(place, dataset, iepoch, hp, &found):
                seconds = found.seconds
                if account_time:
                    self._clock._used_time = self._clock._used_time + seconds
                return found.accuracy, self._native.latency_of(found.costs), seconds, self._clock._used_time
        return self._simulate(arch, dataset, iepoch, hp, account_time)
