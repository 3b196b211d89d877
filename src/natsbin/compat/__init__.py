"""The modules of ``nats_bench`` by their own names."""
