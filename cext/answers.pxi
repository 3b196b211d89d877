# The fast path of the nats_bench-compatible API: its dicts and tuples, equal to what its live objects give.

import random as _random

import numpy as _numpy

from natsbin.errors import QuestionError

cdef object getrandbits = _random.getrandbits
cdef object float64 = _numpy.float64
cdef dict NO_TABLES = {}

cdef enum:  # what is known of an architecture's costs
    UNKNOWN
    KEPT
    ASK_OBJECTS


cdef class Part:
    """One set of a ``get_more_info`` dict, and its keys. Without a ``required`` one there is an error."""

    cdef readonly SetColumns columns
    cdef readonly str loss, accuracy, per_time, all_time
    cdef readonly bint required

    def __init__(self, str label not None, SetColumns columns not None, bint required=False):
        self.columns, self.required = columns, required
        self.loss, self.accuracy = f"{label}-loss", f"{label}-accuracy"
        self.per_time, self.all_time = f"{label}-per-time", f"{label}-all-time"

    cdef tuple keys(self):
        return self.loss, self.accuracy, self.per_time, self.all_time


cdef class ScalarTable:
    """A table laid out for the API: the parts of its dicts in their order, and what stands between them."""

    cdef readonly Table table
    cdef Part train
    cdef list parts
    cdef SetColumns valid, valtest
    cdef dict blank_info
    cdef list cost_sets, cost_orders, blank_costs
    cdef double* costs  # [architecture, flops, params, latency and two times a set], each kept on first use
    cdef uint8_t* known  # of an architecture's costs
    cdef Py_ssize_t width

    def __cinit__(self, Table table not None, *_):
        self.width = 3 + 2 * len(table.sets)
        self.costs = <double*> calloc(table.regular.shape[0] * self.width, sizeof(double))
        self.known = <uint8_t*> calloc(table.regular.shape[0], 1)
        if self.costs == NULL or self.known == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.costs)
        free(self.known)

    def __init__(self, Table table not None, Part train not None, comment, list parts not None):
        """``comment`` is the text after the train part, or None."""
        self.table, self.train, self.parts = table, train, parts
        self.valid, self.valtest = table.sets.get("x-valid"), table.sets.get("ori-test")
        self.cost_sets = list(table.sets.values())
        place = {name: 3 + 2 * i for i, name in enumerate(table.sets)}
        self.cost_orders = [
            tuple([(place[name], f"T-{name}@epoch", f"T-{name}@total") for name in ("train", *names)])
            for names in table.orders
        ]
        # Dicts grow slowly: a copy of one that has every key is filled in faster.
        self.blank_costs = [
            dict.fromkeys(["flops", "params", "latency", *(key for _, *keys in order for key in keys)])
            for order in self.cost_orders
        ]
        self.blank_info = dict.fromkeys(train.keys())
        if comment is not None:
            self.blank_info["comment"] = comment
        for part in parts:
            self.blank_info.update(dict.fromkeys((<Part?> part).keys()))

    cdef const double* costs_of(self, Py_ssize_t index) except? NULL:
        """The costs of an architecture that the table answers for; NULL where only objects tell them."""
        cdef double* costs = self.costs + index * self.width
        if self.known[index] == UNKNOWN:
            self.known[index] = KEPT if self.find_costs(index, costs) else ASK_OBJECTS
        return costs if self.known[index] == KEPT else NULL

    cdef int find_costs(self, Py_ssize_t index, double* costs) except -1:
        cdef Table table = self.table
        cdef SetColumns columns
        cdef Sum per_epoch, whole
        cdef Repeated known
        cdef Py_ssize_t t, i, begin = table.first[index], end = table.first[index + 1]
        cdef double seconds, n = end - begin
        costs[2] = table.mean_latency(index)
        if is_missing(costs[2]) or not table.costs(index, &costs[0], &costs[1]) or not table.same_sets(index):
            return 0
        for i in range(len(self.cost_sets)):
            columns = <SetColumns> self.cost_sets[i]
            per_epoch, whole, known = Sum(0.0, 0.0), Sum(0.0, 0.0), Repeated(-1.0, 0.0)
            for t in range(begin, end):
                seconds = columns.all_time(table.epochs - 1, table.row[t], &known)
                add(&per_epoch, seconds / table.epochs)
                add(&whole, seconds)
            costs[3 + 2 * i] = total(&per_epoch) / n
            costs[4 + 2 * i] = total(&whole) / n
        return 1

    cdef int put(self, dict out, Part part, Py_ssize_t index, Py_ssize_t epoch, Py_ssize_t only) except -1:
        """Fill in a part of a dict made from ``blank_info``, or take its keys out where it has no values."""
        cdef Point point
        if not self.table.point(part.columns, index, epoch, only, &point):
            del out[part.loss], out[part.accuracy], out[part.per_time], out[part.all_time]
            return 0
        out[part.loss] = point.loss
        out[part.accuracy] = point.accuracy
        out[part.per_time] = point.all_time / (epoch + 1)
        out[part.all_time] = point.all_time
        return 1


cdef class Answers:
    """Answers for architectures of which no program holds an object.

    Every method gives None for anything but the plain case (an int index that ``states`` has as lazy, names and
    epochs that exist, regular records), before a random number is drawn; the caller then asks its objects.
    """

    cdef uint8_t[::1] states
    cdef uint8_t lazy
    cdef object open
    cdef dict desks

    def __init__(self, states not None, uint8_t lazy, open not None):
        """``states`` has a byte an architecture; ``open(hp, dataset)`` gives a ScalarTable, or None where there is none."""
        self.states, self.lazy, self.open = states, lazy, open
        self.desks = {}

    cdef ScalarTable desk(self, hp, dataset):
        cdef object found = (<dict> self.desks.get(hp, NO_TABLES)).get(dataset, False)
        if found is False:
            if type(hp) is not str or type(dataset) is not str:
                return None
            found = self.open(hp, dataset)
            self.desks.setdefault(hp, {})[dataset] = found
        return <ScalarTable?> found if found is not None else None

    cdef inline Py_ssize_t ask(self, index) except -2:
        """An index that is a plain int and lazy; else -1."""
        cdef Py_ssize_t i
        if type(index) is not int:
            return -1
        try:
            i = index
        except OverflowError:
            return -1
        return i if 0 <= i < self.states.shape[0] and self.states[i] == self.lazy else -1

    cdef inline Py_ssize_t epoch_of(self, iepoch, Py_ssize_t epochs) except -2:
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

    def more_info(self, index, dataset, iepoch, hp, is_random):
        """The dict of ``get_more_info``; draws as ``random.choice`` does where ``is_random`` is True."""
        cdef ScalarTable desk
        cdef Py_ssize_t i = self.ask(index), epoch, only = -1
        cdef dict out
        cdef Part part
        if i < 0:
            return None
        desk = self.desk(hp, dataset)
        if desk is None or not desk.table.answers(i):
            return None
        epoch = self.epoch_of(iepoch, desk.table.epochs)
        if epoch < 0:
            return None
        if is_random is True:
            only = draw(desk.table, i)
        elif is_random is not False:
            if type(is_random) is not int:
                return None
            only = desk.table.trial_of(i, is_random) if -1 < is_random < 1 << 62 else -1
            if only < 0:
                return None
        out = desk.blank_info.copy()
        if not desk.put(out, desk.train, i, epoch, only):
            raise ValueError(f"architecture {index} has no train values at epoch {epoch}: damaged")
        for part in desk.parts:
            if not desk.put(out, part, i, epoch, only) and part.required:
                raise QuestionError(f"architecture {index}: no value {part.columns.name}@{epoch} in every seed")
        return out

    def cost_info(self, index, dataset, hp):
        """The dict of ``get_cost_info``."""
        cdef ScalarTable desk
        cdef Py_ssize_t i = self.ask(index), place, order
        cdef const double* costs
        cdef Table table
        cdef dict out
        cdef tuple set_
        if i < 0:
            return None
        desk = self.desk(hp, dataset)
        if desk is None or not desk.table.answers(i):
            return None
        costs = desk.costs_of(i)
        if costs == NULL:
            return None
        table = desk.table
        order = table.order[table.first[i]]
        out = (<dict> desk.blank_costs[order]).copy()
        out["flops"], out["params"], out["latency"] = costs[0], float64(costs[1]), float64(costs[2])
        for set_ in <tuple> desk.cost_orders[order]:
            place = set_[0]
            out[set_[1]] = costs[place]
            out[set_[2]] = costs[place + 1]
        return out

    def simulate(self, index, dataset, iepoch, hp):
        """(accuracy, latency, seconds) of ``simulate_train_eval``; draws once or twice, as the API does."""
        cdef ScalarTable desk, latency_desk
        cdef Py_ssize_t i = self.ask(index), epoch, only
        cdef double latency, flops, params
        cdef Point train, valid, last
        cdef Table table
        if i < 0:
            return None
        latency_desk = self.desk(hp, dataset)
        desk = self.desk(hp, "cifar10-valid") if dataset == "cifar10" else latency_desk
        if desk is None or latency_desk is None or dataset == "cifar10-valid":
            return None
        table = desk.table
        if not (table.answers(i) and latency_desk.table.answers(i)) or desk.valid is None:
            return None
        epoch = self.epoch_of(iepoch, table.epochs)
        latency = latency_desk.table.mean_latency(i)
        if epoch < 0 or is_missing(latency) or not latency_desk.table.costs(i, &flops, &params):
            return None
        if table.point(desk.valid, i, epoch, -1, &valid):
            only = draw(table, i)
            table.point(desk.valid, i, epoch, only, &valid)
            table.point(desk.train.columns, i, epoch, only, &train)
            return valid.accuracy, float64(latency), train.all_time + valid.all_time / (epoch + 1)
        # Without a validation accuracy at this epoch the API takes that of the whole test set, and the time of a
        # second random trial's last epoch.
        if dataset == "cifar10" or desk.valtest is None or not table.point(desk.valtest, i, epoch, -1, &valid):
            return None
        if not table.point(desk.valid, i, table.epochs - 1, -1, &last):
            return None
        only = draw(table, i)
        table.point(desk.valtest, i, epoch, only, &valid)
        table.point(desk.train.columns, i, epoch, only, &train)
        only = draw(table, i)
        table.point(desk.valid, i, table.epochs - 1, only, &last)
        return valid.accuracy, float64(latency), train.all_time + last.all_time / table.epochs

    def find_best(self, const int32_t[::1] indexes not None, dataset, setname, hp, flop_max, param_max):
        """(index, accuracy) of ``find_best`` among ``indexes``: the first of the highest; (-1, None) for none.

        A limit of None limits nothing. None where the API's objects must be asked about any of them.
        """
        cdef ScalarTable desk = self.desk(hp, dataset)
        cdef SetColumns columns
        cdef Table table
        cdef Py_ssize_t k, i, best = -1
        cdef double flops, params, accuracy, highest = 0.0
        cdef double flop_limit = INFINITY if flop_max is None else flop_max
        cdef double param_limit = INFINITY if param_max is None else param_max
        if desk is None or desk.table.sets.get(setname) is None:
            return None
        table = desk.table
        columns = <SetColumns> table.sets[setname]
        if columns.accuracy is None or columns.loss is None:
            return None
        for k in range(indexes.shape[0]):
            i = indexes[k]
            if not (0 <= i < self.states.shape[0] and self.states[i] == self.lazy and table.answers(i)):
                return None
            if not table.costs(i, &flops, &params):
                return None
            if flops > flop_limit or params > param_limit:
                continue
            accuracy = table.mean_accuracy(columns.accuracy, table.epochs - 1, i)
            if is_missing(accuracy):
                return None
            if best == -1 or accuracy > highest:
                best, highest = i, accuracy
        return (best, highest) if best >= 0 else (-1, None)


cdef Py_ssize_t draw(Table table, Py_ssize_t index) except -1:
    """A random trial of an architecture that has some, from the ``random`` module as ``random.choice`` draws it."""
    cdef Py_ssize_t n = table.first[index + 1] - table.first[index], bits = 0, k
    while n >> bits:
        bits += 1
    k = getrandbits(bits)
    while k >= n:
        k = getrandbits(bits)
    return table.first[index] + k
