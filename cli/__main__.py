"""`python -m salient_crop.cli`."""

import sys

from .process import run

sys.exit(run())
