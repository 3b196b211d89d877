"""The calls of the documentation, with everything that they print."""

import random
import sys

from nas_201_api import NASBench201API

api = NASBench201API(sys.argv[1])
random.seed(0)
index = api.evaluated_indexes[1]
api.show(index)
info = api.query_meta_info_by_index(index)
print(info.get_metrics("cifar10", "train"), info.get_compute_costs("cifar100"))
results = api.query_by_index(index, "cifar100")
for seed, result in results.items():
    print(seed, result, result.get_latency(), result.get_train(), result.get_eval("x-valid"), result.get_train(10))
print(api.query_by_arch(api[index], "200"))
print(api.get_more_info(index, "ImageNet16-120", None, hp="200", is_random=True))
print(api.simulate_train_eval(index, "cifar10", "200"))
print(api.get_net_param(index, "cifar10", None))
