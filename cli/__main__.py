"""`python -m salient_crop.cli`."""

import sys

from .main import main

sys.exit(main())
