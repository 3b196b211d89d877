"""Search algorithms with ``ask`` and ``tell``, alone and in lockstep; see docs/sweeps.md."""

from natsbin.search.asha import Asha
from natsbin.search.evolution import RegularizedEvolution
from natsbin.search.history import Budget, History
from natsbin.search.hyperband import Hyperband, SuccessiveHalving
from natsbin.search.local_search import LocalSearch
from natsbin.search.lockstep.run import search_block
from natsbin.search.random_search import RandomSearch
from natsbin.search.registry import find_algorithm
from natsbin.search.run import search
from natsbin.search.scripts import search_script
from natsbin.search.simulation import Simulation
from natsbin.search.single import Bohb, Reinforce, Tpe
from natsbin.search.stored import StoredSimulation
from natsbin.search.training import Algorithm, Training

__all__ = [
    "Algorithm",
    "Asha",
    "Bohb",
    "Budget",
    "History",
    "Hyperband",
    "LocalSearch",
    "RandomSearch",
    "RegularizedEvolution",
    "Reinforce",
    "Simulation",
    "StoredSimulation",
    "SuccessiveHalving",
    "Tpe",
    "Training",
    "find_algorithm",
    "search",
    "search_block",
    "search_script",
]
