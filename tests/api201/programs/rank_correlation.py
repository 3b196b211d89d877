"""How two fidelities rank the architectures."""

import sys

from nas_201_api import NASBench201API as API

api = API(sys.argv[1], verbose=False)
short, long = {}, {}
for i in api.evaluated_indexes:
    short[i] = api.arch2infos_dict[i]["12"].get_metrics("cifar10-valid", "x-valid")["accuracy"]
    long[i] = api.arch2infos_dict[i]["200"].get_metrics("cifar10-valid", "x-valid")["accuracy"]
pairs = [(a, b) for a in short for b in short if a < b]
print(sum((short[a] - short[b]) * (long[a] - long[b]) > 0 for a, b in pairs), len(pairs))
print(max(long, key=long.get), api.find_best("cifar10-valid", "x-valid", hp="200"))
