"""What the tests share.

``files``      reading and writing the pickles, tars and chunks of an archive; what damages them
``records``    one architecture's record, a store of given records, deep equality (``same``)
``made``       generated archives and the stores converted from them, kept for the whole run (the fixture ``made``)
``oracle``     nats_bench and natsbin asked the same question (``Pair``), and all that can be seen of both compared
``varied``     records with other numbers in every place and with gaps, so that no two answers agree by chance
``questions``  what to ask a ``Pair``: the cross product, or a random stream
``batches``    a store, its batch and its scalar API together (``Case``; the fixture ``case`` of tests/batch)
``full``       a small full archive, with weights of many kinds (needs torch)
``paths``      the checkout's folders, and the genuine samples
"""
