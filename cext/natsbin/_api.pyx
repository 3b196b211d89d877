# cython: annotation_typing=False
"""The methods of the compatible API that searches call all the time: native answers first, else objects'.

``natsbin.api.benchmark`` derives its class from the one here and says how objects answer.
"""

cimport cython

from natsbin._scalar cimport ScalarAnswers

from natsbin.rules import SEARCHED as _SEARCHED

cdef object searched = _SEARCHED


@cython.final
cdef class Clock:
    """The simulated time in seconds, which an API object shares with its batch."""

    cdef public object _used_time

    def __cinit__(self):
        self._used_time = 0


cdef class NativeFirst:
    """What an API object asks ``_native`` before its objects. A subclass has the methods that objects answer with.

    These are ``_more_info``, ``_cost_info`` and ``_simulate``; ``_find_index`` finds any index, ``_arrives(index)``
    takes a new architecture to those at hand where that is allowed, and ``archstr2index`` has the index of each string.
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
            answer = self._native.more_info(place, dataset, iepoch, hp, is_random)
            if answer is None and self._native.is_new(place) and self._arrives(place):
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
            answer = self._native.cost_info(place, dataset, hp)
            if answer is None and self._native.is_new(place) and self._arrives(place):
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
        cdef object place
        cdef tuple found
        if self._native is not None and not self.verbose:
            place = self.index_of(arch)
            found = self._native.simulate(place, dataset, iepoch, hp)
            if found is None and dataset in searched and self._native.is_new(place) and self._arrives(place):
                found = self._native.simulate(place, dataset, iepoch, hp)
            if found is not None:
                if account_time:
                    self._clock._used_time = self._clock._used_time + found[2]
                return found[0], found[1], found[2], self._clock._used_time
        return self._simulate(arch, dataset, iepoch, hp, account_time)
