"""Learning curves of a few architectures, epoch by epoch, for a predictor."""

import sys

from nas_201_api import NASBench201API as API

api = API(sys.argv[1], verbose=False)
for index in api.evaluated_indexes[:3]:
    curve = [
        api.get_more_info(index, "cifar10-valid", iepoch=e, hp="12", is_random=777)["valid-accuracy"] for e in range(12)
    ]
    print(index, curve)
    results = api.query_meta_info_by_index(index, "200")
    print([results.get_metrics("cifar10", "train", e)["loss"] for e in range(0, 200, 20)])
    print(results.get_dataset_names(), results.get_dataset_seeds("cifar10"), results.get_total_epoch())
