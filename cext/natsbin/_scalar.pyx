"""The fast path of the nats_bench-compatible API: its dicts and tuples, equal to what its live objects give.

The object path of ``natsbin.api`` is the plain reference.
"""

cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t

from natsbin._column cimport SetColumns, value_at
from natsbin._table cimport LATENCY_FLOAT64, LATENCY_NONE, NO_COSTS, Costs, Point, Table, answers, trial_of
from natsbin.bits cimport is_missing
from natsbin.sums cimport Repeated

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        object (*tp_alloc)(PyTypeObject*, Py_ssize_t)
    ctypedef struct PyFloatObject:
        double ob_fval

from random import getrandbits as _getrandbits

from natsbin.errors import QuestionError

cdef object getrandbits = _getrandbits
cdef object float64 = None  # of numpy, which is imported with the first table
cdef dict NO_TABLES = {}


@cython.final
cdef class LabelledSet:
    """One set of a ``get_more_info`` dict, and its keys there. A ``required`` set without values is an error."""

    def __init__(self, str label not None, SetColumns columns not None, bint required=False):
        self.columns, self.required = columns, required
        self.loss, self.accuracy = f"{label}-loss", f"{label}-accuracy"
        self.per_time, self.all_time = f"{label}-per-time", f"{label}-all-time"

    cdef tuple keys(self):
        return self.loss, self.accuracy, self.per_time, self.all_time


@cython.final
cdef class ScalarTable:
    """A table laid out for the API: the sets of its dicts in their order, and what stands between them."""

    def __init__(
        self, Table table not None, LabelledSet train not None, comment, list others not None, bint searched=True
    ):
        """``comment`` is the text after the train set, or None; ``searched``: whether ``simulate`` answers for it."""
        global float64
        from numpy import float64 as found

        float64 = found
        self.searched = searched
        self.table, self.train, self.others = table, train, others
        self.valid, self.valtest = table.sets.get("x-valid"), table.sets.get("ori-test")
        place = {name: 2 * i for i, name in enumerate(table.sets)}
        self.time_keys = [
            tuple([(place[name], f"T-{name}@epoch", f"T-{name}@total") for name in ("train", *names)])
            for names in table.orders
        ]
        # Dicts grow slowly: a copy of one that has every key is filled in faster.
        self.blank_costs = [
            dict.fromkeys(["flops", "params", "latency", *(key for _, *keys in order for key in keys)])
            for order in self.time_keys
        ]
        self.blank_info = dict.fromkeys(train.keys())
        if comment is not None:
            self.blank_info["comment"] = comment
        for one in others:
            self.blank_info.update(dict.fromkeys((<LabelledSet?> one).keys()))

    cdef int put(self, dict out, LabelledSet one, Py_ssize_t index, Py_ssize_t epoch, Py_ssize_t only) except -1:
        """Fill in the keys of a set in a copy of ``blank_info``, or remove them if the set has no values."""
        cdef Point point
        if not self.table.point(one.columns, index, epoch, only, &point):
            del out[one.loss], out[one.accuracy], out[one.per_time], out[one.all_time]
            return 0
        out[one.loss] = point.loss
        out[one.accuracy] = point.accuracy
        out[one.per_time] = point.all_time / (epoch + 1)
        out[one.all_time] = point.all_time
        return 1


@cython.final
cdef class ScalarAnswers:
    """Answers for architectures of which no program holds an object.

    Every method gives None (``simulate``: False) for anything but the plain case (an int index that ``states`` has as
    unloaded, names and epochs that exist, regular records), before a random number is drawn; the caller then asks its
    objects.
    """

    def __init__(self, states not None, uint8_t unloaded, open not None):
        """``states`` has a byte an architecture; ``open(hp, dataset)`` gives a ScalarTable, or None for no table."""
        self.states, self.unloaded, self.open = states, unloaded, open
        self.tables = {}

    cdef ScalarTable scalar_table(self, hp, dataset):
        cdef object found
        cdef ScalarTable table = self.last
        if table is not None and table.hp is hp and table.dataset is dataset:
            return table
        if type(hp) is not str or type(dataset) is not str:
            return None
        found = (<dict> self.tables.get(hp, NO_TABLES)).get(dataset, False)
        if found is False:
            found = self.open(hp, dataset)
            self.tables.setdefault(hp, {})[dataset] = found
        table = found
        if table is not None:
            table.hp, table.dataset = hp, dataset
            self.last = table
        return table

    cdef Py_ssize_t in_state(self, index, uint8_t state) except -2:
        """An index that is a plain int, of an architecture in this state; else -1."""
        cdef Py_ssize_t i
        if type(index) is not int:
            return -1
        try:
            i = index
        except OverflowError:
            return -1
        return i if 0 <= i < self.states.shape[0] and self.states[i] == state else -1

    cdef Py_ssize_t place_of(self, index) except -2:
        """An index that is a plain int and unloaded; else -1."""
        return self.in_state(index, self.unloaded)

    cdef bint is_new(self, index) except -1:
        """Whether this is the index of an architecture that is not at hand."""
        return self.in_state(index, 0) >= 0

    cdef int mark_unloaded(self, Py_ssize_t i) except -1:
        """Note that an architecture is at hand from now on. IndexError where there is none."""
        if not 0 <= i < self.states.shape[0]:
            raise IndexError(i)
        self.states[i] = self.unloaded
        return 0

    cdef ScalarTable answering(self, Py_ssize_t i, hp, dataset):
        """The table that answers for the architecture at ``place_of``; None where none does."""
        cdef ScalarTable scalar
        if i < 0:
            return None
        scalar = self.scalar_table(hp, dataset)
        return scalar if scalar is not None and answers(scalar.table, i) else None

    cdef Py_ssize_t epoch_of(self, iepoch, Py_ssize_t epochs) except -2:
        cdef Py_ssize_t epoch
        if iepoch is None:
            return epochs - 1
        if type(iepoch) is not int:
            return -1
        try:
            epoch = iepoch
        except OverflowError:
            return -1
        return epoch if 0 <= epoch < epochs else -1

    cpdef more_info(self, index, dataset, iepoch, hp, is_random):
        """The dict of ``get_more_info``; draws as ``random.choice`` does where ``is_random`` is True."""
        cdef ScalarTable scalar
        cdef Py_ssize_t i = self.place_of(index), epoch, only = -1
        cdef dict out
        cdef LabelledSet one
        scalar = self.answering(i, hp, dataset)
        if scalar is None:
            return None
        epoch = self.epoch_of(iepoch, scalar.table.epochs)
        if epoch < 0:
            return None
        if is_random is True:
            only = draw(scalar.table, i)
        elif is_random is not False:
            if type(is_random) is not int:
                return None
            only = trial_of(scalar.table, i, is_random) if -1 < is_random < 1 << 62 else -1
            if only < 0:
                return None
        out = scalar.blank_info.copy()
        if not scalar.put(out, scalar.train, i, epoch, only):
            raise ValueError(f"architecture {index} has no train values at epoch {epoch}: damaged")
        for one in scalar.others:
            if not scalar.put(out, one, i, epoch, only) and one.required:
                raise QuestionError(f"architecture {index}: no value {one.columns.name}@{epoch} in every seed")
        return out

    cpdef cost_info(self, index, dataset, hp):
        """The dict of ``get_cost_info``."""
        cdef ScalarTable scalar
        cdef Py_ssize_t i = self.place_of(index), place, order
        cdef const Costs* costs
        cdef const double* times
        cdef Table table
        cdef dict out
        cdef tuple keys
        scalar = self.answering(i, hp, dataset)
        if scalar is None:
            return None
        table = scalar.table
        costs = table.costs_of(i)
        if costs.known == NO_COSTS or not table.same_sets(i):
            return None
        times = table.times_of(i)
        order = table.order[table.first[i]]
        out = (<dict> scalar.blank_costs[order]).copy()
        out["flops"], out["params"], out["latency"] = costs.flops, float64_of(costs.params), self.latency_of(costs)
        for keys in <tuple> scalar.time_keys[order]:
            place = keys[0]
            out[keys[1]] = times[place]
            out[keys[2]] = times[place + 1]
        return out

    cdef object latency_of(self, const Costs* costs):
        """A latency of the type that the API gives."""
        if costs.known == LATENCY_NONE:
            return None
        return float64_of(costs.latency) if costs.known == LATENCY_FLOAT64 else costs.latency

    def seed_counts(self, evaluated, hp, dataset, ask not None):
        """How many of the evaluated indexes have how many seeds, in the order in which these are met.

        ``ask(index)`` gives the number of an architecture that the table does not answer for.
        """
        cdef ScalarTable scalar = self.scalar_table(hp, dataset)
        cdef Py_ssize_t i, n
        cdef dict found = {}
        for index in evaluated:
            i = -1 if scalar is None else self.place_of(index)
            if i >= 0 and answers(scalar.table, i):
                n = scalar.table.first[i + 1] - scalar.table.first[i]
            else:
                n = ask(index)
            found[n] = found.get(n, 0) + 1
        return found

    def page_numbers(self, index, hp, tuple sets not None):
        """For each dataset and its sets FLOPs, parameters (M), latency (s), and (loss, accuracy, ...) by set.

        They are the means over the seeds after the last epoch.
        """
        cdef Py_ssize_t i = self.place_of(index)
        cdef ScalarTable scalar
        cdef const Costs* costs
        cdef SetColumns columns
        cdef Table table
        cdef double loss, accuracy
        cdef list metrics, found = []
        for dataset, names in sets:
            scalar = self.answering(i, hp, dataset)
            if scalar is None:
                return None
            table = scalar.table
            costs = table.costs_of(i)
            if costs.known == NO_COSTS or not table.same_sets(i):
                return None
            metrics = []
            for name in names:
                columns = table.sets.get(name)
                if columns is None or columns.accuracy is None or columns.loss is None:
                    return None
                accuracy = table.mean_value(columns.accuracy, table.epochs - 1, i)
                if is_missing(accuracy):
                    return None
                loss = table.mean_value(columns.loss, table.epochs - 1, i)
                metrics += [loss, accuracy]
            latency = None if costs.known == LATENCY_NONE else costs.latency
            found.append((costs.flops, costs.params, latency, tuple(metrics)))
        return found

    cdef bint simulate(self, index, dataset, iepoch, hp, Simulated* out) except -1:
        """Whether it is known what ``simulate_train_eval`` tells, which is then in ``out``; draws as the API does."""
        cdef ScalarTable scalar, priced
        cdef Py_ssize_t i = self.place_of(index), epoch, row
        cdef Table table
        if i < 0:
            return False
        priced = self.scalar_table(hp, dataset)
        if priced is None or not priced.searched:
            return False
        if priced.trained is None:
            priced.trained = self.scalar_table(hp, "cifar10-valid") if dataset == "cifar10" else priced
        scalar = priced.trained
        if scalar is None:
            return False
        table = scalar.table
        if not (answers(table, i) and answers(priced.table, i)) or scalar.valid is None:
            return False
        epoch = self.epoch_of(iepoch, table.epochs)
        out.costs = priced.table.costs_of(i)
        if epoch < 0 or out.costs.known == NO_COSTS:
            return False
        # Sums start from 0, which makes -0.0 a 0.0.
        if table.measured(scalar.valid, i, epoch):
            row = table.row[draw(table, i)]
            out.accuracy = 0.0 + value_at(scalar.valid.accuracy, epoch, row)
            out.seconds = seconds_of(scalar.train.columns, epoch, row)
            out.seconds += seconds_of(scalar.valid, epoch, row) / (epoch + 1)
            return True
        # Without a validation accuracy at this epoch the API takes that of the whole test set, and the time of a
        # second random trial's last epoch.
        if scalar is not priced or scalar.valtest is None or not table.measured(scalar.valtest, i, epoch):
            return False
        if not table.measured(scalar.valid, i, table.epochs - 1):
            return False
        row = table.row[draw(table, i)]
        out.accuracy = 0.0 + value_at(scalar.valtest.accuracy, epoch, row)
        out.seconds = seconds_of(scalar.train.columns, epoch, row)
        row = table.row[draw(table, i)]
        out.seconds += seconds_of(scalar.valid, table.epochs - 1, row) / table.epochs
        return True

    def find_best(self, const int32_t[::1] indexes not None, dataset, setname, hp, flop_max, param_max):
        """(index, accuracy) of ``find_best`` among ``indexes``: the first of the highest; (-1, None) for none.

        A limit of None limits nothing. None where the API's objects must be asked about any of them.
        """
        cdef ScalarTable scalar = self.scalar_table(hp, dataset)
        cdef SetColumns columns
        cdef Table table
        cdef Py_ssize_t k, i, best = -1
        cdef double accuracy, highest = 0.0
        cdef const Costs* costs
        cdef double flop_limit = INFINITY if flop_max is None else flop_max
        cdef double param_limit = INFINITY if param_max is None else param_max
        if scalar is None or scalar.table.sets.get(setname) is None:
            return None
        table = scalar.table
        columns = <SetColumns> table.sets[setname]
        if columns.accuracy is None or columns.loss is None:
            return None
        for k in range(indexes.shape[0]):
            i = indexes[k]
            if not (0 <= i < self.states.shape[0] and self.states[i] == self.unloaded and answers(table, i)):
                return None
            costs = table.costs_of(i)
            if costs.known == NO_COSTS:
                return None
            if costs.flops > flop_limit or costs.params > param_limit:
                continue
            accuracy = table.mean_value(columns.accuracy, table.epochs - 1, i)
            if is_missing(accuracy):
                return None
            if best == -1 or accuracy > highest:
                best, highest = i, accuracy
        return (best, highest) if best >= 0 else (-1, None)


cdef double seconds_of(SetColumns columns, Py_ssize_t epoch, Py_ssize_t row) except? -1.0:
    """Seconds of a trial on a set up to an epoch, as a sum over the one trial gives them."""
    cdef Repeated known = Repeated(-1.0, 0.0)
    return 0.0 + columns.all_time(epoch, row, &known)


cdef object float64_of(double value):
    """A float64 of numpy, which is a Python float of another class: numpy's own constructor takes five times as long."""
    cdef object made = (<PyTypeObject*> float64).tp_alloc(<PyTypeObject*> float64, 0)
    (<PyFloatObject*> made).ob_fval = value
    return made


cdef Py_ssize_t draw(Table table, Py_ssize_t index) except -1:
    """A random trial of an architecture that has some, from the ``random`` module as ``random.choice`` draws it."""
    cdef Py_ssize_t n = table.first[index + 1] - table.first[index], bits = 0, k
    while n >> bits:
        bits += 1
    k = getrandbits(bits)
    while k >= n:
        k = getrandbits(bits)
    return table.first[index] + k
