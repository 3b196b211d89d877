"""Trained weights: the mapped file beside a store, and from there to torch."""

from natsbin.weights.format import weights_path
from natsbin.weights.reader import Key, Weights, open_weights

__all__ = ["Key", "Weights", "open_weights", "weights_path"]
