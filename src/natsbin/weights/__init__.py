"""Trained weights: out of full archives into a mapped file beside the store, and from there to torch."""

from natsbin.weights.convert import convert_weights
from natsbin.weights.format import weights_path
from natsbin.weights.reader import Key, Weights, open_weights

__all__ = ["Key", "Weights", "convert_weights", "open_weights", "weights_path"]
