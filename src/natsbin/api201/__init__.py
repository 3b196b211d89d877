"""The API of NAS-Bench-201, ``nas_201_api`` 2.1, over stores of its files: what differs from ``natsbin.api``."""
