"""Random search with a budget of simulated seconds."""

import random
import sys

from nas_201_api import NASBench201API

api = NASBench201API(sys.argv[1], verbose=False)
random.seed(7)
api.reset_time()
best = None
while api.used_time < 20_000:
    arch = api[random.choice(api.evaluated_indexes)]
    accuracy, latency, time_cost, total = api.simulate_train_eval(arch, "cifar10", hp="12")
    if best is None or accuracy > best[0]:
        best = (accuracy, arch, latency)
print(best, api.used_time)
