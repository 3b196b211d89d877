"""Regularized evolution over architecture strings, with the mean of all seeds as the fitness."""

import collections
import random
import sys

from nas_201_api import NASBench201API as API

OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
api = API(sys.argv[1], verbose=False)
known = {api[i]: i for i in api.evaluated_indexes}


def mutate(arch):
    nodes = [list(node) for node in api.str2lists(arch)]
    row = random.randrange(3)
    place = random.randrange(len(nodes[row]))
    nodes[row][place] = (random.choice(OPS), nodes[row][place][1])
    changed = "+".join("|" + "|".join(f"{op}~{i}" for op, i in node) + "|" for node in nodes)
    return changed if changed in known else random.choice(sorted(known))


def fitness(arch):
    index = api.query_index_by_arch(arch)
    return api.get_more_info(index, "cifar10-valid", iepoch=None, hp="200", is_random=False)["valid-accuracy"]


random.seed(3)
population = collections.deque((arch, fitness(arch)) for arch in random.sample(sorted(known), 4))
for _ in range(30):
    parent = max(random.sample(list(population), 2), key=lambda one: one[1])
    child = mutate(parent[0])
    population.append((child, fitness(child)))
    population.popleft()
print(max(population, key=lambda one: one[1]))
print(api.query_index_by_arch("nowhere"))
