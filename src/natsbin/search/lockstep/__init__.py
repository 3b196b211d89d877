"""Algorithms for blocks of runs; each gives a seed what its one-by-one class gives it."""
