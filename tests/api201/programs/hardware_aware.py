"""A search under a latency limit, with a table of latencies beside the benchmark, as in HW-NAS-Bench."""

import sys

from nas_201_api import NASBench201API as API

api = API(sys.argv[1], verbose=False)
table = {i: {"edgegpu_latency": 5.0 + 0.01 * i, "fpga_energy": 1.0 / (1 + i)} for i in range(len(api))}
front = []
for i in api.evaluated_indexes:
    info = api.get_more_info(i, "cifar100", None, hp="200", is_random=False)
    cost = api.get_cost_info(i, "cifar100", hp="200")
    point = (info["test-accuracy"], table[i]["edgegpu_latency"], cost["latency"], cost["flops"], cost["params"])
    if point[1] < 5.3:
        front.append((point, i))
for point, i in sorted(front, reverse=True):
    print(i, *point)
print(api.get_latency(front[0][1], "cifar10"), api.find_best("cifar100", "valid", FLOP_max=60, Param_max=0.6, hp="200"))
