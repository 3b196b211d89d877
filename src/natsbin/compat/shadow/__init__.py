"""A folder for ``PYTHONPATH``: with it, ``import nats_bench`` and ``import nas_201_api`` mean natsbin.

``natsbin run`` puts it there.
"""
