"""A folder for ``PYTHONPATH``: with it, ``import nats_bench`` means natsbin. ``natsbin run`` puts it there."""
