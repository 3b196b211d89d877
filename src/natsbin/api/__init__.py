"""The face of ``nats_bench``: the same names, the same answers, from a store."""
