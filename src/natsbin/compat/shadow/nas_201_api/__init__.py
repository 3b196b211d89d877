"""Found instead of ``nas_201_api`` where the folder above is on the path; it gives way to ``natsbin.compat201``."""

import sys

from natsbin.compat.alias import install_as_nas_201_api

if __name__ == "nas_201_api":
    del sys.modules[__name__]
    install_as_nas_201_api()  # what the import then finds in sys.modules
